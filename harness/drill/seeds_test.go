package drill_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/property"
)

// What users happen to do differs from seed to seed, and nothing may be lost under
// any of them.
func TestTheSmallIncidentPassesUnderManySeeds(t *testing.T) {
	p, told := parse(t, smallIncident), 0
	for seed := range uint64(100) {
		p.Seed = seed
		result := run(t, p)
		if result.Verdict != property.Pass {
			t.Errorf("seed %d: %s: %s", seed, result.Verdict, strings.Join(result.Reasons, "; "))
		}
		for _, o := range result.Accounts {
			told += doubtfulFlags(t, seed, o)
		}
	}
	if told == 0 {
		t.Error("no flag of any message was doubtful, so how that is judged was not tried")
	}
}

// doubtfulFlags counts the account's messages whose flags are doubtful, of which its
// user has to be told.
func doubtfulFlags(t *testing.T, seed uint64, o drill.AccountOutcome) int {
	t.Helper()
	words := strings.Join(o.Words, " ")
	if told := strings.Contains(words, "may lack flags of yours"); told != (o.DoubtfulFlags > 0) {
		t.Errorf("seed %d: %s has %d messages with doubtful flags, and is told %q", seed, o.Account, o.DoubtfulFlags, words)
	}
	return o.DoubtfulFlags
}

// Seeds under which something was wrong once: what users did then, and what came of
// it.
func TestSeedsThatFailedOnce(t *testing.T) {
	p := parse(t, smallIncident)
	for _, c := range []struct {
		seed uint64
		what string
	}{
		{10, "one of two equal messages copied, the other flagged on the old master"},
		{17, "one of two equal messages copied, the other flagged on the old master"},
		{20, "a mailbox renamed and deleted on the old master, filled on the new one"},
		{22, "both of two equal messages flagged on the old master, and one copied"},
		{23, "two equal messages moved to two mailboxes, and one flagged on the old master"},
		{35, "a mailbox deleted on the old master, filled and emptied on the new one"},
		{44, "two equal messages flagged otherwise on the old master, and one copied"},
		{46, "one of two equal messages expunged there and moved here, the other flagged"},
		{52, "one of two copies expunged on the old master, the other moved on the new one"},
		{54, "one of two equal messages moved, the other flagged on the old master"},
		{57, "clients' caches of a mailbox deleted on the old master, used on the new one"},
		{61, "one of two equal messages expunged on the new master, the other copied"},
		{64, "a mailbox renamed and deleted on the old master, filled and emptied here"},
		{70, "one of three equal messages moved, another one flagged on the old master"},
		{76, "a copy moved here, and its original, expunged there, copied"},
		{78, "a mailbox deleted on the old master, filled and emptied on the new one"},
		{86, "a mailbox renamed and deleted on the old master, filled on the new one"},
		{87, "a mailbox renamed and deleted on the old master, filled and emptied here"},
		{97, "a mailbox deleted on the old master, filled and emptied on the new one"},
		{202, "a mailbox deleted on the old master, and one below it used on the new one"},
		{259, "a message moved twice into one mailbox under its two names"},
		{287, "a message moved into the mailbox that has it on the old master"},
		{419, "a mailbox used that was deleted after the one above it was renamed"},
		{449, "a mailbox used that was deleted before the one above it was renamed"},
		{697, "one of two equal messages moved into one mailbox on both masters"},
		{753, "a message moved into one mailbox on both masters"},
	} {
		t.Run(fmt.Sprint(c.seed, " ", c.what), func(t *testing.T) {
			p.Seed = c.seed
			if result := run(t, p); result.Verdict != property.Pass {
				t.Errorf("%s: %s", result.Verdict, strings.Join(result.Reasons, "; "))
			}
		})
	}
}
