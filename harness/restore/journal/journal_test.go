package journal_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/restore/journal"
)

var (
	of = journal.Of{Plan: "sha256:0123456789abcdef", Run: "copy-missing, imap1 to imap2", Actions: 10}
	at = time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)
)

const head = `{"apiVersion":"cyrdrill.journal/v1","plan":"sha256:0123456789abcdef","run":"copy-missing, imap1 to imap2","actions":10}` + "\n"

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func path(t *testing.T) string { return filepath.Join(t.TempDir(), "restore.journal") }

// stores are both kinds: what is promised of one is promised of the other.
func stores(t *testing.T, content string) map[string]journal.Store {
	t.Helper()
	file, memory := path(t), &journal.Memory{}
	must(t, os.WriteFile(file, []byte(content), 0o600))
	must(t, memory.Append([]byte(content)))
	return map[string]journal.Store{"file": journal.InFile(file), "memory": memory}
}

func TestGoesOnWhereItWas(t *testing.T) {
	for name, store := range stores(t, "") {
		t.Run(name, func(t *testing.T) {
			j, err := journal.Open(store, of)
			must(t, err)
			for _, e := range []journal.Entry{
				{At: at, Held: "imap2"},
				{At: at, Begun: journal.Ranges([]int{3, 1, 2, 7})}, {At: at, Done: []journal.Range{{1, 2}}},
				{At: at, Left: []journal.Range{{7, 7}}, Why: "no room"}, {At: at, Found: []journal.Range{{9, 9}}}, {At: at, Verified: "alice"},
			} {
				must(t, j.Write(e))
			}
			must(t, j.Close())

			j, err = journal.Open(store, of)
			must(t, err)
			want := []journal.State{0, journal.Done, journal.Done, journal.Begun, 0, 0, 0, journal.Left, 0, journal.Found}
			for i, state := range want {
				if got := j.State(i); got != state {
					t.Errorf("action %d is %v, want %v", i, got, state)
				}
			}
			if j.Why(7) != "no room" || !j.Verified("alice") || j.Verified("bob") || !j.Held("imap2") || j.Ended() {
				t.Errorf("it forgot something: %+v", j)
			}
			must(t, j.Write(journal.Entry{At: at, Released: "imap2", Ended: true}))
			if j.Held("imap2") || !j.Ended() {
				t.Error("it has not taken in its last line")
			}
			must(t, j.Close())
		})
	}
}

// However a journal is cut short, it goes on with the lines that are whole: those
// alone had been believed.
func TestCutShortAnywhere(t *testing.T) {
	lines := head + `{"at":"2026-01-05T08:00:00Z","begun":[[0,9]]}` + "\n" + `{"at":"2026-01-05T08:00:00Z","done":[[0,9]]}` + "\n"
	for cut := 0; cut <= len(lines); cut++ {
		for name, store := range stores(t, lines[:cut]) {
			j, err := journal.Open(store, of)
			if err != nil {
				t.Fatalf("%s, cut after %d bytes: %v", name, cut, err)
			}
			want := []journal.State{journal.Pending, journal.Pending, journal.Begun, journal.Done}[strings.Count(lines[:cut], "\n")]
			if got := j.State(4); got != want {
				t.Errorf("%s, cut after %d bytes: %v, want %v", name, cut, got, want)
			}
			must(t, j.Write(journal.Entry{At: at, Verified: "alice"}))
			must(t, j.Close())
			j, err = journal.Open(store, of)
			if err != nil || !j.Verified("alice") {
				t.Fatalf("%s, cut after %d bytes, does not go on: %v", name, cut, err)
			}
			must(t, j.Close())
		}
	}
}

func TestRefusals(t *testing.T) {
	entry := func(text string) string { return head + `{"at":"2026-01-05T08:00:00Z",` + text + "}\n" }
	for _, tc := range []struct{ name, content, says string }{
		{"of another plan", strings.Replace(head, "0123", "9999", 1), ":1: it is the journal of another plan (sha256:9999456789ab, and this one is sha256:0123456789ab); apply that plan, or name another journal"},
		{"of another run", strings.Replace(head, "imap1 to imap2", "imap3 to imap4", 1), ":1: it is the journal of another run (copy-missing, imap3 to imap4, and this one is copy-missing, imap1 to imap2); name another journal"},
		{"of another version", strings.Replace(head, "/v1", "/v2", 1), `:1: it is a journal of version "cyrdrill.journal/v2", and this cyrdrill reads "cyrdrill.journal/v1"`},
		{"no journal", "Dear diary,\ntoday I restored.\n", ":1: it is no journal of a restore; name another file"},
		{"no journal, without a line end", "Dear diary", ":1: it is no journal of a restore; name another file"},
		{"JSON of another sort", `{"restorer":"copy-missing"}` + "\n", ":1: it is no journal of a restore; name another file"},
		{"garbage amid it", head + "\x00\x00\n" + `{"at":"2026-01-05T08:00:00Z","ended":true}` + "\n", ":2: it is no line of a journal: invalid character"},
		{"a whole last line of garbage", head + "}\n", ":2: it is no line of a journal: invalid character"},
		{"a field that nobody knows", entry(`"undone":[[1,2]]`), `:2: it is no line of a journal: json: unknown field "undone"`},
		{"two values in a line", head + `{"at":"2026-01-05T08:00:00Z"} {}` + "\n", ":2: it is no line of a journal: something follows the value"},
		{"actions beyond the plan", entry(`"begun":[[8,10]]`), ":2: it tells of actions 8 to 10, and the plan has 10"},
		{"a range backwards", entry(`"begun":[[8,7]]`), ":2: it tells of actions 8 to 7"},
		{"done and never begun", entry(`"done":[[4,4]]`), ":2: it tells that action 4 was done, which had not begun"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, store := range stores(t, tc.content) {
				_, err := journal.Open(store, of)
				if err == nil || !strings.HasPrefix(err.Error(), store.Name()+tc.says) || strings.Contains(err.Error(), "\n") {
					t.Errorf("it says %q, want %s%s…", err, store.Name(), tc.says)
				}
				held, err := store.Open()
				if err != nil || string(held) != tc.content {
					t.Errorf("it was changed to %q, or kept open: %v", held, err)
				}
			}
		})
	}
}

func TestTwoRestoresAtOnce(t *testing.T) {
	for name, store := range stores(t, "") {
		first, err := journal.Open(store, of)
		must(t, err)
		second := store
		if name == "file" {
			second = journal.InFile(store.Name()) // as another process would
		}
		if _, err := journal.Open(second, of); !errors.Is(err, journal.ErrInUse) || err.Error() != store.Name()+": another restore is at work with this journal" {
			t.Errorf("%s: the second says %v", name, err)
		}
		must(t, first.Close())
		after, err := journal.Open(second, of)
		must(t, err)
		must(t, after.Close())
	}
}

// full is a store whose disk takes so many lines and then, of one, the beginning.
type full struct {
	journal.Memory
	room int
}

var errFull = errors.New("no space left on device")

func (f *full) Append(data []byte) error {
	if f.room--; f.room < 0 {
		_ = f.Memory.Append(data[:len(data)/2])
		return errFull
	}
	return f.Memory.Append(data)
}

// What could not be written is not believed, and nothing is written after it: a
// line behind half a line would be lost with that.
func TestFullDisk(t *testing.T) {
	store := &full{room: 2}
	j, err := journal.Open(store, of)
	must(t, err)
	must(t, j.Write(journal.Entry{At: at, Begun: []journal.Range{{0, 0}}}))
	done := journal.Entry{At: at, Done: []journal.Range{{0, 0}}}
	err = j.Write(done)
	if want := "journal in memory cannot be written to, so nothing more was touched: no space left on device"; !errors.Is(err, errFull) || err.Error() != want {
		t.Errorf("it says %q, want %q", err, want)
	}
	store.room = 100
	if err := j.Write(done); !errors.Is(err, errFull) || j.State(0) != journal.Begun {
		t.Errorf("it went on after half a line: %v, action 0 is %v", err, j.State(0))
	}
	must(t, j.Close())
	j, err = journal.Open(store, of)
	must(t, err)
	if j.State(0) != journal.Begun {
		t.Errorf("action 0 is %v, want begun", j.State(0))
	}

	if _, err := journal.Open(&full{}, of); !errors.Is(err, errFull) {
		t.Errorf("a journal that cannot be begun: %v", err)
	}
}

func TestFileThatCannotBe(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "no", "such.journal")
	if _, err := journal.Open(journal.InFile(missing), of); err == nil || err.Error() != missing+": no such file or directory" {
		t.Errorf("it says %q", err)
	}
	if _, err := journal.Open(journal.InFile(os.DevNull), of); err == nil || err.Error() != os.DevNull+": it is no regular file; name another one" {
		t.Errorf("it says %q", err)
	}
}

func TestRanges(t *testing.T) {
	if got := fmt.Sprint(journal.Ranges([]int{5, 1, 2, 3, 9, 5})); got != "[[1 3] [5 5] [9 9]]" {
		t.Error(got)
	}
}

func FuzzOpen(f *testing.F) {
	f.Add([]byte(head))
	f.Add([]byte(head + `{"at":"2026-01-05T08:00:00Z","begun":[[0,9]]}` + "\n{"))
	f.Fuzz(func(t *testing.T, content []byte) {
		store := &journal.Memory{}
		must(t, store.Append(content))
		j, err := journal.Open(store, of)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("not one line: %q", err)
			}
			return
		}
		must(t, j.Close())
		again, err := journal.Open(store, of)
		must(t, err) // what was taken once is taken again
		must(t, again.Close())
	})
}
