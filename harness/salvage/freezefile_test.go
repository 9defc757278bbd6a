package salvage

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/field/fieldtest"
	"github.com/cyrdrill/cyrdrill/harness/realtime"
	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

var frozenAccounts = []string{"alice", "bob", "carol", "dave", "erin", "frank"}

// keptFreeze takes a freeze of two groups of accounts into a file.
func keptFreeze(t *testing.T) (s *survey, file string) {
	t.Helper()
	l := fieldtest.Open(t, frozenAccounts...)
	l.Incident(t, nil, frozenAccounts...)
	file = filepath.Join(t.TempDir(), "freeze.jsonl")
	s = &survey{pair: l.Pair(t, fieldtest.Apart()...), options: Options{FreezeFile: file}}
	must(t, s.prepare(t.Context()))
	kept, err := s.evidence(t.Context())
	must(t, err)
	kept.Close()
	return s, file
}

// What is read from the file, for whichever accounts, is what was taken.
func TestKeptFreezeIsTheOneThatWasTaken(t *testing.T) {
	s, _ := keptFreeze(t)
	kept, err := s.evidence(t.Context())
	must(t, err)
	defer kept.Close()
	for _, accounts := range [][]string{frozenAccounts, {"frank"}, {"alice", "erin"}} {
		got, err := kept.freeze(accounts)
		must(t, err)
		lists, err := restore.ListApart(t.Context(), realtime.Time{}, s.rescued, s.serving, accounts)
		must(t, err)
		want, err := s.freeze(t.Context(), accounts, lists)
		must(t, err)
		if !slices.Equal(got.Names(), accounts) {
			t.Errorf("it holds %v of %v", got.Names(), accounts)
		}
		for name, side := range want.Sides {
			if diff := cmp.Diff(side.Accounts, got.Sides[name].Accounts); diff != "" || got.Sides[name].Role != side.Role {
				t.Errorf("%s of %v: %s", name, accounts, diff)
			}
		}
	}
}

// A plan by a freeze that is kept is the plan by what is there, as long as nobody changes
// anything.
func TestPlanByAKeptFreeze(t *testing.T) {
	s, file := keptFreeze(t)
	byFile, err := Plan(t.Context(), s.pair, Options{FreezeFile: file})
	must(t, err)
	byLook, err := Plan(t.Context(), s.pair, Options{})
	must(t, err)
	if diff := cmp.Diff(byLook, byFile); diff != "" || Work(byLook) == 0 {
		t.Errorf("%d actions: %s", Work(byLook), diff)
	}
}

func TestFreezesThatAreNone(t *testing.T) {
	s, file := keptFreeze(t)
	whole, err := os.ReadFile(file)
	must(t, err)
	lines := bytes.SplitAfter(whole, []byte("\n"))
	join := func(lines ...[]byte) string { return string(bytes.Join(lines, nil)) }
	for name, test := range map[string]struct{ text, want string }{
		"empty":               {"", "is no freeze, or not a whole one"},
		"an object":           {"{}", "is no freeze, or not a whole one"},
		"no JSON":             {"freeze\n", "is no freeze, or not a whole one"},
		"another version":     {strings.Replace(string(whole), "freeze/v2", "freeze/v1", 1), "is no freeze, or not a whole one"},
		"without its end":     {join(lines[:len(lines)-2]...), "is no freeze, or not a whole one"},
		"without a part":      {join(lines[0], lines[2], lines[3]), "is no freeze, or not a whole one"},
		"cut off amid a part": {string(whole[:len(whole)*2/3]), "is no freeze, or not a whole one"},
		"other servers":       {strings.Replace(string(whole), `["imap1","imap2"]`, `["imap1","imap3"]`, 1), "is the freeze of other servers: it knows no server imap2"},
		"other accounts":      {strings.Replace(string(whole), `["alice"`, `["alina"`, 1), "does not hold account alice"},
		"a part damaged":      {strings.Replace(string(whole), `"taken_at"`, `"taken_at`, 1), "is damaged where it tells of"},
	} {
		t.Run(name, func(t *testing.T) {
			must(t, os.WriteFile(file, []byte(test.text), 0o600))
			_, err := Plan(t.Context(), s.pair, Options{FreezeFile: file})
			var setup *target.SetupError
			if !errors.As(err, &setup) || !strings.Contains(setup.Problem, test.want) {
				t.Errorf("%v", err)
			}
			if kept, err := os.ReadFile(file); err != nil || string(kept) != test.text {
				t.Errorf("the file is another one now: %v", err)
			}
		})
	}
}

// A freeze that could not be taken whole is not kept.
func TestFreezeThatFailsIsNotKept(t *testing.T) {
	file := filepath.Join(t.TempDir(), "freeze.jsonl")
	gone := errors.New("a server has gone")
	_, err := openFreeze(file, []string{"alice"}, "imap1", "imap2", func(keep func(*restore.Freeze) error) error { return gone })
	if !errors.Is(err, gone) {
		t.Error(err)
	}
	if left, err := os.ReadDir(filepath.Dir(file)); err != nil || len(left) > 0 {
		t.Errorf("it leaves %v: %v", left, err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
