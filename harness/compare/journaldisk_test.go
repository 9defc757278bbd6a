package compare

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What cannot be kept ends a run, with a line that says of which file.
func TestJournalThatCannotBeWritten(t *testing.T) {
	name := filepath.Join(t.TempDir(), "journal")
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(name) // to read alone
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	j := &Journal{file: file, name: name, done: map[string]bool{}}
	if err := j.add([]Account{{Name: "alice", Verdict: Equal}}); err == nil || !strings.HasPrefix(err.Error(), "writing the journal "+name+": ") {
		t.Errorf("got %v", err)
	}
}
