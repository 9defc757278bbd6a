package compare_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/compare"
	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/field"
	"github.com/cyrdrill/cyrdrill/harness/field/fieldtest"
)

// compared runs a comparison by a journal, and returns all that the journal has then,
// without times.
func compared(t *testing.T, ctx context.Context, pair *field.Pair, name string, each func(compare.Account) error) (all []compare.Account, s compare.Summary, err error) {
	t.Helper()
	level := levelOf(t, pair)
	level.Detectors = []detect.Detector{detect.IndexCompare{}} // each rests before it tells of a difference
	journal, err := compare.OpenJournal(name, pair, level)
	if err != nil {
		return nil, s, err
	}
	defer func() { noError(t, journal.Close()) }()
	s, err = compare.Run(ctx, pair, compare.Options{Level: level, Journal: journal, Each: each})
	noError(t, journal.Each(func(a compare.Account) error {
		for i := range a.Findings {
			a.Findings[i].FoundAt = time.Time{}
		}
		all = append(all, a)
		return nil
	}))
	return all, s, err
}

// different is a pair of 40 accounts, two of which differ.
func different(t *testing.T) (*fieldtest.Lab, *field.Pair) {
	names := crowd(40)
	l := fieldtest.Open(t, names...)
	furnish(t, l, names...)
	stopReplication(t, l)
	lose(t, l, names[3])
	lose(t, l, names[30])
	return l, l.Pair(t)
}

// A run that was ended, and whose journal was cut short amid a line, comes to the same
// end as one that was not.
func TestRunThatWasEndedGoesOn(t *testing.T) {
	t.Parallel()
	_, pair := different(t)
	folder := t.TempDir()
	want, whole, err := compared(t, t.Context(), pair, filepath.Join(folder, "whole"), nil)
	noError(t, err)
	name := filepath.Join(folder, "cut")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := errors.New("ended")
	seen := 0
	_, _, err = compared(t, ctx, pair, name, func(compare.Account) error {
		if seen++; seen == 20 {
			return ended
		}
		return nil
	})
	if !errors.Is(err, ended) {
		t.Fatalf("got %v", err)
	}
	text, err := os.ReadFile(name)
	noError(t, err)
	noError(t, os.WriteFile(name, text[:len(text)-15], 0o600)) // amid the last line
	looked := 0
	got, resumed, err := compared(t, t.Context(), pair, name, func(compare.Account) error { looked++; return nil })
	noError(t, err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("in one go (-) and in two (+):\n%s", diff)
	}
	if looked != 9 || resumed.Resumed != 1 { // of 32 that were in the journal, one was cut off
		t.Errorf("%d accounts were looked at again, resumed %d times", looked, resumed.Resumed)
	}
	if whole.Verdict != compare.Different || resumed.Different != whole.Different || resumed.Equal != whole.Equal || resumed.Accounts != 40 || len(resumed.Kinds) != len(whole.Kinds) {
		t.Errorf("in one go %+v, in two %+v", whole, resumed)
	}
	// The journal of a run that has come to its end is no more to go on with.
	anew, summary, err := compared(t, t.Context(), pair, name, nil)
	noError(t, err)
	if len(anew) != 40 || summary.Resumed != 0 {
		t.Errorf("a run anew has %d accounts, resumed %d times", len(anew), summary.Resumed)
	}
}

func TestJournalThatIsNotOfThisRunIsRefused(t *testing.T) {
	t.Parallel()
	l := fieldtest.Open(t, "alice")
	pair := l.Pair(t)
	folder := t.TempDir()
	name := filepath.Join(folder, "journal")
	journal, err := compare.OpenJournal(name, pair, levelOf(t, pair))
	noError(t, err)
	if _, err := compare.OpenJournal(name, pair, levelOf(t, pair)); err == nil || !strings.Contains(err.Error(), "another comparison is writing the journal") {
		t.Errorf("a journal that is in use: %v", err)
	}
	noError(t, journal.Close())
	begun, err := os.ReadFile(name)
	noError(t, err)
	header, _, _ := strings.Cut(string(begun), "\n")
	other := l.Pair(t, "apiVersion: cyrdrill/v1\n", "apiVersion: cyrdrill/v1\n# changed\n")
	const mend = "; to mend it: remove it to begin anew, or name another by --journal"
	for _, test := range []struct {
		name, text, want string
		pair             *field.Pair
	}{
		{"of another configuration", header + "\n", "it is of a run with another configuration, or the configuration has changed since", other},
		{"of another level", strings.Replace(header, "body-compare", "body-sample of 0.1", 1) + "\n", "it is of a run by other detectors: status-compare, list-compare, index-compare, body-sample of 0.1, script-compare, access, client-caches", pair},
		{"of other servers", strings.Replace(header, `"imap2"`, `"imap3"`, 1) + "\n", "it is of other servers: [imap1 imap3]", pair},
		{"of something else", "alice,bob\n", "it is no journal of a comparison", pair},
		{"of something else, in one line", "alice,bob", "it is no journal of a comparison", pair},
		{"of something else, without an end", strings.Repeat("a", 1<<17), "it is no journal of a comparison", pair},
		{"with a line that was edited", header + "\nalice is well\n", "its line 2 is not understood", pair},
		{"with a line of nobody", header + "\n{}\n", "its line 2 is of no account", pair},
	} {
		noError(t, os.WriteFile(name, []byte(test.text), 0o600))
		_, err := compare.OpenJournal(name, test.pair, levelOf(t, test.pair))
		if want := "cannot go on by the journal " + name + ": " + test.want + mend; err == nil || err.Error() != want {
			t.Errorf("%s: got\n%v\nwant\n%s", test.name, err, want)
		}
		if left, err := os.ReadFile(name); err != nil || string(left) != test.text {
			t.Errorf("%s: it was changed to %q, %v", test.name, left, err)
		}
	}
	noError(t, os.WriteFile(name, []byte(header[:20]), 0o600)) // nothing is lost that was cut within the first line
	if all, _, err := compared(t, t.Context(), pair, name, nil); err != nil || len(all) != 1 {
		t.Errorf("a journal cut within its header: %v, %v", all, err)
	}
}
