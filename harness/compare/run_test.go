package compare_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/compare"
	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/field/fieldtest"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

func TestPlantedDifferencesAreFound(t *testing.T) {
	t.Parallel()
	l := fieldtest.Open(t, "alice", "bob", "carol", "dave", "erin", "frank")
	furnish(t, l, "alice", "bob", "carol", "dave", "erin", "frank")
	stopReplication(t, l)
	lose(t, l, "alice")
	l.Act(t, func(ctx context.Context, p *sim.Pair) error {
		hand := p.Saboteur()
		_, spoilt := hand.(target.SpoolSaboteur).SpoilMessage(ctx, target.Imap2, "bob", "INBOX", 2, target.Flipped)
		_, cut := hand.(target.IndexSaboteur).TruncateIndex(ctx, target.Imap2, "carol", "INBOX")
		_, replaced := hand.(target.ScriptSaboteur).ReplaceSource(ctx, target.Imap2, "dave", "rules", []byte("discard;"))
		_, removed := hand.(target.ListSaboteur).RemoveEntry(ctx, target.Imap2, "erin", "INBOX")
		return errors.Join(spoilt, cut, replaced, removed)
	})
	var before [2]map[string]string
	look := func() (files [2]map[string]string) {
		l.Act(t, func(ctx context.Context, p *sim.Pair) (err error) {
			for i, s := range p.Servers() {
				files[i], err = s.Host().DataFiles(ctx)
				if err != nil {
					return err
				}
			}
			return nil
		})
		return files
	}
	before = look()
	pair := l.Pair(t)
	found := map[string]compare.Account{}
	summary, err := compare.Run(t.Context(), pair, compare.Options{Level: levelOf(t, pair), Each: func(a compare.Account) error {
		found[a.Name] = a
		return nil
	}})
	noError(t, err)
	if diff := cmp.Diff(before, look()); diff != "" {
		t.Errorf("looking has changed something:\n%s", diff)
	}
	for account, want := range map[string][]string{
		"alice": {"index-compare message-missing imap2 imap1", "status-compare last-uid-differs imap2 imap1", "client-caches client-caches-wrong imap2 "},
		"bob":   {"body-compare body-differs imap2 imap1"},
		"carol": {"access mailbox-unreadable imap2 "},
		"dave":  {"script-compare script-stale imap2 ", "script-compare script-differs imap2 imap1"},
		"erin":  {"list-compare account-missing imap2 imap1"},
	} {
		if found[account].Verdict != compare.Different {
			t.Errorf("%s is %s", account, found[account].Verdict)
		}
		var told []string
		for _, f := range found[account].Findings {
			told = append(told, fmt.Sprintf("%s %s %s %s", f.Detector, f.Kind, f.Server, f.Right))
		}
		for _, w := range want {
			if !slices.Contains(told, w) {
				t.Errorf("of %s nobody tells %q, but %q", account, w, told)
			}
		}
	}
	if found["frank"].Verdict != compare.Equal || summary.Verdict != compare.Different || summary.Accounts != 6 || summary.Equal != 1 || summary.Different != 5 {
		t.Errorf("frank is %+v; in all %+v", found["frank"], summary)
	}
	left := fmt.Sprint(summary.LeftOut)
	if !strings.Contains(left, "spool-check of imap1 there is no view") || !strings.Contains(left, "script-compare bytecode on imap1 and imap2") {
		t.Errorf("left out: %s", left)
	}
}

// While users work a replica is always a little behind. That is no difference.
func TestLagIsNoDifference(t *testing.T) {
	t.Parallel()
	names := []string{"alice", "bob"}
	const every = 2 * time.Second
	l := fieldtest.OpenSpec(t, target.Spec{Seed: 7, Accounts: names, RepeatInterval: every})
	furnish(t, l, names...)
	pair := l.Pair(t, "apiVersion: cyrdrill/v1\n", "apiVersion: cyrdrill/v1\nrepeatInterval: 2s\n")
	done := make(chan struct{})
	defer func() { <-done }()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go func() {
		defer close(done)
		for n := 0; ctx.Err() == nil; n++ {
			l.Do(func(p *sim.Pair) {
				_ = p.Serving().User().Deliver(ctx, names[n%2], fmt.Appendf(nil, "Subject: more\r\nMessage-ID: <%d@more>\r\n\r\n", n))
			})
			time.Sleep(20 * time.Millisecond)
		}
	}()
	began := time.Now()
	summary, err := compare.Run(t.Context(), pair, compare.Options{Level: levelOf(t, pair), Each: func(a compare.Account) error {
		for _, f := range a.Findings {
			t.Errorf("a false alarm: %s: %s", f.Detector, f)
		}
		return nil
	}})
	noError(t, err)
	if summary.Verdict != compare.Equal {
		t.Errorf("verdict %s", summary.Verdict)
	}
	if took := time.Since(began); took < every {
		t.Errorf("it took %s: nothing was behind, and nothing was tested", took)
	}
}

func TestNamedAccountsAlone(t *testing.T) {
	t.Parallel()
	l := fieldtest.Open(t, "alice", "bob")
	furnish(t, l, "alice", "bob")
	stopReplication(t, l)
	lose(t, l, "bob")
	pair := l.Pair(t)
	summary, err := compare.Run(t.Context(), pair, compare.Options{Level: levelOf(t, pair), Accounts: []string{"alice"}})
	noError(t, err)
	if summary.Verdict != compare.Equal || summary.Accounts != 1 {
		t.Errorf("got %+v", summary)
	}
	_, err = compare.Run(t.Context(), pair, compare.Options{Level: levelOf(t, pair), Accounts: []string{"alcie"}})
	if err == nil || err.Error() != `neither server has an account "alcie"; to mend it: did you mean "alice"?` {
		t.Errorf("got %v", err)
	}
}

// Of a server that goes amid a comparison nothing is told that was not seen.
func TestServerThatVanishes(t *testing.T) {
	t.Parallel()
	names := crowd(20)
	l := fieldtest.Open(t, names...)
	pair := l.Pair(t)
	seen := 0
	summary, err := compare.Run(t.Context(), pair, compare.Options{Level: levelOf(t, pair), Each: func(a compare.Account) error {
		if a.Verdict != compare.Equal {
			t.Errorf("%s is %s: %v", a.Name, a.Verdict, a.Findings)
		}
		if seen++; seen == 16 {
			l.Act(t, func(ctx context.Context, p *sim.Pair) error {
				_, err := p.Saboteur().KillServer(ctx, target.Imap2)
				return err
			})
		}
		return nil
	}})
	var gone *compare.VanishedError
	if !errors.As(err, &gone) || !strings.Contains(err.Error(), "imap2") || summary.Accounts != 16 || seen != 16 {
		t.Errorf("after %d accounts: %v", summary.Accounts, err)
	}
}

// A server that takes connections and says nothing any more is waited for no longer than
// the configuration says.
func TestServerThatHangsAmidARun(t *testing.T) {
	t.Parallel()
	names := crowd(20)
	l := fieldtest.Open(t, names...)
	pair := l.Pair(t, "apiVersion: cyrdrill/v1\n", "apiVersion: cyrdrill/v1\nanswerWithin: 1s\n")
	level := levelOf(t, pair)
	var hung time.Time
	summary, err := compare.Run(t.Context(), pair, compare.Options{Level: level, Each: func(compare.Account) error {
		if hung.IsZero() {
			hung = time.Now()
			l.Act(t, func(ctx context.Context, p *sim.Pair) error {
				_, err := p.Saboteur().(target.ServerHanger).Hang(ctx, target.Imap2)
				return err
			})
		}
		return nil
	}})
	var gone *compare.VanishedError
	if took := time.Since(hung); !errors.As(err, &gone) || !strings.Contains(err.Error(), "imap2") || summary.Accounts != 16 || took > 20*time.Second {
		t.Errorf("after %s and %d accounts: %v", took, summary.Accounts, err)
	}
}

// An account that cannot be looked at is unknown, and the others are compared.
func TestWhatCannotBeLookedAtIsUnknown(t *testing.T) {
	t.Parallel()
	l := fieldtest.Open(t, "alice", "bob")
	pair := l.Pair(t)
	level := levelOf(t, pair)
	level.Detectors = []detect.Detector{blindTo{"bob"}}
	got := map[string]compare.Verdict{}
	summary, err := compare.Run(t.Context(), pair, compare.Options{Level: level, Each: func(a compare.Account) error {
		got[a.Name] = a.Verdict
		return nil
	}})
	noError(t, err)
	if diff := cmp.Diff(map[string]compare.Verdict{"alice": compare.Equal, "bob": compare.Unknown}, got); diff != "" || summary.Verdict != compare.Unknown {
		t.Errorf("%s; in all %s", diff, summary.Verdict)
	}
}

// blindTo is a detector that fails where it is to look at one account.
type blindTo struct{ account string }

func (blindTo) Name() string            { return "blind" }
func (blindTo) Doc() string             { return "" }
func (blindTo) Promise() detect.Promise { return detect.Promise{} }
func (b blindTo) Detect(_ context.Context, scene detect.Scene) ([]detect.Finding, error) {
	if slices.Contains(scene.Accounts, b.account) {
		return nil, errors.New("a line that is not understood")
	}
	return nil, nil
}

func TestPace(t *testing.T) {
	t.Parallel()
	names := crowd(3)
	l := fieldtest.Open(t, names...)
	pair := l.Pair(t)
	level := levelOf(t, pair)
	level.Detectors = level.Detectors[:1]
	for what, options := range map[string]compare.Options{
		"a rate": {MaxRate: 1, Level: level}, "a pause": {MaxRate: 1, Pause: 1200 * time.Millisecond, Level: level},
	} {
		var last compare.Progress
		options.Observe = func(p compare.Progress) { last = p }
		began := time.Now()
		_, err := compare.Run(t.Context(), pair, options)
		noError(t, err)
		if took := time.Since(began); took < 2*time.Second { // nobody rests after the last
			t.Errorf("%s: three accounts in %s", what, took)
		}
		if last.Done != 3 || last.All != 3 || last.Now != 3 || last.Rate() > 1.5 {
			t.Errorf("%s: %+v", what, last)
		}
	}
}
