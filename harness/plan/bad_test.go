package plan

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the messages that came into testdata/bad.txt")

const badInputsFile = "testdata/bad.txt"

// badInput is one plan with a mistake and the messages that it must give.
type badInput struct{ name, text, messages string }

// badInputs reads testdata/bad.txt: "=== name", the plan's text, a line
// "---- messages", and the messages.
func badInputs(t testing.TB) (head string, inputs []badInput) {
	t.Helper()
	file, err := os.ReadFile(badInputsFile)
	if err != nil {
		t.Fatal(err)
	}
	sections := strings.Split(string(file), "\n=== ")
	for _, section := range sections[1:] {
		name, rest, _ := strings.Cut(section, "\n")
		text, messages, ok := strings.Cut(rest, "---- messages\n")
		if !ok {
			t.Fatalf("%s: %q has no messages", badInputsFile, name)
		}
		inputs = append(inputs, badInput{name, text, strings.TrimSpace(messages)})
	}
	return sections[0], inputs
}

func (b badInput) parse() error {
	_, err := Parse("bad.yaml", []byte(strings.TrimPrefix(b.text, "<empty>\n")), testNames)
	return err
}

func TestBadInput(t *testing.T) {
	head, inputs := badInputs(t)
	var rewritten strings.Builder
	rewritten.WriteString(head)
	for _, input := range inputs {
		got := fmt.Sprint(input.parse())
		fmt.Fprintf(&rewritten, "\n=== %s\n%s---- messages\n%s\n", input.name, input.text, got)
		if *update {
			continue
		}
		t.Run(input.name, func(t *testing.T) {
			if diff := cmp.Diff(input.messages, got); diff != "" {
				t.Errorf("messages (-want +got):\n%s\nfor\n%s", diff, input.text)
			}
		})
	}
	if *update {
		if err := os.WriteFile(badInputsFile, []byte(rewritten.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// Messages are the same each time, although the validator walks maps.
func TestMessagesAreStable(t *testing.T) {
	_, inputs := badInputs(t)
	for _, input := range inputs {
		for range 20 {
			if got := fmt.Sprint(input.parse()); got != input.messages {
				t.Fatalf("%s: once\n%s\nthen\n%s", input.name, input.messages, got)
			}
		}
	}
}

func TestErrorsCanBeTakenApart(t *testing.T) {
	_, err := Parse("p.yaml", []byte("- deliver\n"), testNames)
	var all Errors
	var one *Error
	if !errors.As(err, &all) || !errors.As(err, &one) {
		t.Fatalf("%T holds no Errors or no *Error", err)
	}
	if len(all) != 1 || one.File != "p.yaml" || one.Line != 1 || one.Column != 1 || one.Problem == "" {
		t.Errorf("errors are %+v", *one)
	}
}
