// Package examples_test runs the worked example of the harness as a library, as its user
// would: a module of its own, which needs no more than this one.
package examples_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// runGo runs a go command in a folder, and returns all that it said.
func runGo(t *testing.T, folder string, arguments ...string) (string, error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", arguments...)
	command.Dir = folder
	command.Env = append(os.Environ(), "GOFLAGS=-mod=readonly", "GOWORK=off")
	said, err := command.CombinedOutput()
	return string(said), err
}

// The example is short, and holds.
func TestTheLibraryCanBeUsedFromOutside(t *testing.T) {
	text, err := os.ReadFile("gotest/replication_test.go")
	if err != nil {
		t.Fatal(err)
	}
	if lines := bytes.Count(text, []byte("\n")); lines >= 40 {
		t.Errorf("the example has %d lines: it is to be under 40", lines)
	}
	if said, err := runGo(t, "gotest", "test", "-count=1", "./..."); err != nil {
		t.Errorf("%v\n%s", err, said)
	}
	if said, err := runGo(t, "gotest", "vet", "./..."); err != nil {
		t.Errorf("%v\n%s", err, said)
	}
}

// It sees replication that has stopped.
func TestTheExampleCanFail(t *testing.T) {
	folder := t.TempDir()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for name, edit := range map[string][2]string{
		"go.mod": {"=> ../../..", "=> " + root}, "go.sum": {},
		"replication_test.go": {
			"\t\talice, err := pair.Serving()",
			"\t\t_, err := pair.Saboteur().Suspend(ctx, \"imap1\", \"sync_client\")\n\t\tmust(err)\n\t\talice, err := pair.Serving()",
		},
	} {
		text, err := os.ReadFile(filepath.Join("gotest", name))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), edit[0]) {
			t.Fatalf("%s has no %q to change", name, edit[0])
		}
		edited := strings.Replace(string(text), edit[0], edit[1], 1)
		if err := os.WriteFile(filepath.Join(folder, name), []byte(edited), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	said, err := runGo(t, folder, "test", "-count=1", "./...")
	if err == nil || !strings.Contains(said, "both to be equal") {
		t.Errorf("with replication stopped: %v\n%s", err, said)
	}
}
