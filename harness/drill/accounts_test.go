package drill_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/restore"
)

// outcome returns what became of an account.
func outcome(t *testing.T, result *drill.Result, account string) drill.AccountOutcome {
	t.Helper()
	i := slices.IndexFunc(result.Accounts, func(o drill.AccountOutcome) bool { return o.Account == account })
	if i < 0 {
		t.Fatalf("the result tells nothing of %s", account)
	}
	return result.Accounts[i]
}

func wantWords(t *testing.T, o drill.AccountOutcome, state drill.AccountState, want ...string) {
	t.Helper()
	if o.State != state {
		t.Errorf("%s is %s, want %s", o.Account, o.State, state)
	}
	words := strings.Join(o.Words, " ")
	for _, w := range want {
		if !strings.Contains(words, w) {
			t.Errorf("%s is not told %q, but %q", o.Account, w, words)
		}
	}
}

func TestAccountsAreToldWhatWasRestored(t *testing.T) {
	result := run(t, incident(t))
	for _, o := range result.Accounts {
		if len(o.Broken) > 0 {
			t.Errorf("%s: broken %v in a drill that passes", o.Account, o.Broken)
		}
	}
	alice := outcome(t, result, "alice")
	wantWords(t, alice, drill.Restored, "that were missing for a while are back.", "You could not reach your mail for ", "Nothing is missing.")
	copied := 0
	for _, r := range result.Restores {
		for _, a := range r.Plan.Actions {
			if a.Act == restore.Copy && a.Account == "alice" {
				copied++
			}
		}
	}
	if alice.Done[restore.Copy] != copied || copied == 0 {
		t.Errorf("%d messages of alice counted as copied, %d were", alice.Done[restore.Copy], copied)
	}
}

func TestAccountsAreToldWhatIsLost(t *testing.T) {
	result := run(t, incident(t, "  - restore: {restorer: copy-missing}\n", "", "    - mail-copied\n", ""))
	wantVerdict(t, result, property.Fail, "no-loss")
	lost := map[string]int{}
	for _, v := range result.Properties[0].Violations {
		lost[v.Account]++
	}
	for account, n := range lost {
		o := outcome(t, result, account)
		wantWords(t, o, drill.Harmed, " lost.")
		if o.Broken["no-loss"] != n {
			t.Errorf("%s: %d lost, want %d", account, o.Broken["no-loss"], n)
		}
	}
	if len(lost) == 0 {
		t.Error("nobody lost anything")
	}
}

// Where a plan asks only that losses are told, users are told of theirs all the same; and
// where nobody has looked for losses, nobody is told that there are none.
func TestAccountsAreNotToldThatNothingIsMissing(t *testing.T) {
	without := func(properties string) *drill.Result {
		return run(t, incident(t, "  - restore: {restorer: copy-missing}\n", "", "    - mail-copied\n", "",
			"  properties: [no-loss, no-resurrection, restore-repeatable, isolation]\n", "  properties: ["+properties+"]\n"))
	}
	told := without("losses-told")
	wantVerdict(t, told, property.Pass, "")
	lost := 0
	for _, o := range told.Accounts {
		if lost += o.Lost; o.Lost > 0 {
			wantWords(t, o, drill.Harmed, " lost.")
		}
	}
	if lost != 11 {
		t.Errorf("%d messages are called lost, 11 never reached the replica", lost)
	}
	for _, o := range without("no-resurrection").Accounts {
		if words := strings.Join(o.Words, " "); o.State == drill.Untouched || o.State == drill.Restored || strings.Contains(words, "othing") {
			t.Errorf("nobody has looked for losses, and %s is %s and told %q", o.Account, o.State, words)
		}
	}
}

// A violation comes with what led to it: the promise, the finding, and that
// nobody acted on it.
func TestViolationsTellTheirHistory(t *testing.T) {
	result := run(t, incident(t, "  - restore: {restorer: copy-missing}\n", "", "    - mail-copied\n", ""))
	history := strings.Join(result.Properties[0].Violations[0].History, "\n")
	for _, want := range []string{" on imap1: acknowledged", "index-compare found: message-missing"} {
		if !strings.Contains(history, want) {
			t.Errorf("no %q in the history:\n%s", want, history)
		}
	}
	if strings.Contains(history, "copy UID") {
		t.Errorf("the history tells of a copy that nobody made:\n%s", history)
	}
}

// What could not be judged is not called well.
func TestAccountsOfADrillThatFailed(t *testing.T) {
	result := run(t, incident(t, "repeatInterval: 0s", "repeatInterval: 60s"))
	wantVerdict(t, result, property.Unknown, "")
	for _, o := range result.Accounts {
		wantWords(t, o, drill.NotKnown, "is not known yet.")
	}
}
