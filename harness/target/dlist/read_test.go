package dlist

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/target/lex"
)

const guid = "fdf3be75f46b0cb2422825bac0c85a2c0872a6a3"

// readEach reads a line with a reader that gets a byte at a time, and returns what was
// handed over, the rest, and what comes after the line.
func readEach(line string) (items []Value, rest Value, after string, err error) {
	in := bufio.NewReader(iotest.OneByteReader(strings.NewReader(line)))
	rest, err = ReadLineEach(in, "RECORD", func(item Value) error {
		items = append(items, item)
		return nil
	})
	left, _ := io.ReadAll(in)
	return items, rest, string(left), err
}

// What is handed over is what ParseLine would have kept, and no more of it is kept.
func TestReadLineEach(t *testing.T) {
	for _, line := range []string{
		mailboxLine, fullLine, lsubLine,
		`MAILBOX %(MBOXNAME user.alice RECORD (%(UID 1 RECORD (a b)) %(UID 2 FLAGS (\Seen))) LAST_UID 2)`,
		"MAILBOX %(RECORD ())", "MAILBOX %(RECORD NIL)", "MAILBOX %( RECORD  ( a  (b) ) )", "RECORD (a b)", "A b", "A %()",
		`MAILBOX %("RECORD" (a))`, "MAILBOX %({6}\r\nRECORD (a))", `MAILBOX %(A (RECORD (a)) B "RECORD (\"" RECORD (")" "\\" a{b a% %))`,
		"MAILBOX %(A {12}\r\n)\r\nRECORD (( RECORD ({4+}\r\n)\r\n( (%(A {1}\r\n\")) %{default " + guid + " 3}\r\n)\r\n) ACL {0}\r\n)",
	} {
		for _, end := range []string{"\r\n", "\n"} {
			items, rest, after, err := readEach(line + end + "OK")
			if err != nil || after != "OK" {
				t.Errorf("%q: %v, %q is left", line, err, after)
			}
			whole, err := ParseLine([]byte(line))
			if err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			checkHandedOver(t, whole, items, rest)
		}
	}
}

// checkHandedOver says whether items and rest together are the whole.
func checkHandedOver(t *testing.T, whole Value, items []Value, rest Value) {
	t.Helper()
	var want []Value
	for i := range whole.Items {
		if at := &whole.Items[i]; whole.Kind == Map && at.Key == "RECORD" && at.Kind == List {
			want, at.Items = append(want, at.Items...), nil
		}
	}
	if diff := cmp.Diff(want, items); diff != "" {
		t.Errorf("handed over:\n%s", diff)
	}
	if diff := cmp.Diff(whole, rest); diff != "" {
		t.Errorf("the rest:\n%s", diff)
	}
}

// A line that ends early is told from one that is not understood, wherever it is cut off:
// what was handed over of it must not be taken for the whole.
func TestReadLineEachCutOff(t *testing.T) {
	line := `MAILBOX %(A "b\"" RECORD (%(UID 1 B {3}` + "\r\nabc) %(UID 2)) LAST_UID 2)\r\n"
	for end := range len(line) {
		_, _, _, err := readEach(line[:end])
		var cut *lex.ReadError
		if !errors.As(err, &cut) {
			t.Errorf("cut off after %q: %v", line[:end], err)
		}
	}
}

func TestReadLineEachRefuses(t *testing.T) {
	for line, want := range map[string]string{
		"A %(RECORD (a b\r\n":            "value expected",
		"A %(RECORD ((a b\r\n":           "ends within a value",
		"A %(RECORD (a %(UID))\r\n":      `" " expected`,
		"A %(RECORD (a))b\r\n":           "nothing expected",
		"A %(RECORD(a))\r\n":             `" " expected`,
		"A %(RECORD (\"a\r\n":            "no end",
		"A %(RECORD (({99999999999}\r\n": "over the limit",
		"A %(RECORD)\r\n":                "value expected",
		"A %(RECORD (" + strings.Repeat("(", 40) + strings.Repeat(")", 40) + "))\r\n": "deeper than 32",
	} {
		_, _, _, err := readEach(line)
		var cut *lex.ReadError
		if err == nil || !strings.Contains(err.Error(), want) || errors.As(err, &cut) && want != "over the limit" {
			t.Errorf("%q: got %v, want an error with %q", line, err, want)
		}
	}
	enough := errors.New("enough")
	_, err := ReadLineEach(bufio.NewReader(strings.NewReader("A %(RECORD (a b)\r\n")), "RECORD", func(Value) error { return enough })
	if !errors.Is(err, enough) {
		t.Errorf("got %v", err)
	}
}

// FuzzReadLineEach reads each line as a whole as well.
func FuzzReadLineEach(f *testing.F) {
	for _, line := range []string{mailboxLine, fullLine, lsubLine, "A %(RECORD ({3}\r\nabc))", `A %(RECORD ("b\\c" % a{b))`, "A %(RECORD (%{default " + guid + " 1}\r\nx))"} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		if bytes.HasSuffix(line, []byte("\r")) {
			return // to a connection that is half a line end
		}
		whole, err := ParseLine(line)
		if err != nil {
			return
		}
		items, rest, after, err := readEach(string(line) + "\r\n")
		if err != nil && bytes.Contains(line, []byte("%{")) {
			return // a key that begins as a file does is refused
		}
		if err != nil || after != "" {
			t.Fatalf("%q: %v, %q is left", line, err, after)
		}
		checkHandedOver(t, whole, items, rest)
	})
}
