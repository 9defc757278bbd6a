package plan

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzParse holds that Parse neither panics nor hangs, that every error has a
// place and is one line, and that an accepted plan survives being printed.
func FuzzParse(f *testing.F) {
	_, inputs := badInputs(f)
	for _, input := range inputs {
		f.Add([]byte(input.text))
	}
	scenarios, err := filepath.Glob("../../scenarios/*.yaml")
	if err != nil || len(scenarios) == 0 {
		f.Fatalf("no scenarios to begin with: %v", err)
	}
	for _, file := range scenarios {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := Parse("fuzz.yaml", text, testNames)
		if err != nil {
			checkErrors(t, text, err)
			return
		}
		printed := Format(p)
		again, err := Parse("printed.yaml", printed, testNames)
		if err != nil {
			t.Fatalf("printed plan: %v\n%s", err, printed)
		}
		if diff := cmp.Diff(p, again, samePlan); diff != "" {
			t.Fatalf("printed plan differs:\n%s\n%s", diff, printed)
		}
	})
}

func checkErrors(t *testing.T, text []byte, err error) {
	t.Helper()
	var all Errors
	if !errors.As(err, &all) || len(all) == 0 {
		t.Fatalf("%T is no Errors", err)
	}
	lines := strings.Count(string(text), "\n") + strings.Count(string(text), "\r") + 1
	for i, e := range all {
		switch {
		case e.Line < 1 || e.Line > lines || e.Column < 1:
			t.Errorf("%v: place is not in the file, which has %d lines", e, lines)
		case e.Problem == "" || e.File != "fuzz.yaml":
			t.Errorf("%+v lacks something", *e)
		case strings.ContainsAny(e.Error(), "\n\r\x1b"):
			t.Errorf("%q is not one clean line", e.Error())
		case i > 0 && (e.Line < all[i-1].Line || e.Line == all[i-1].Line && e.Column < all[i-1].Column):
			t.Errorf("%v stands after %v", e, all[i-1])
		}
	}
}
