package conform_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/conform"
)

// A replica that dies while it puts an account's mailboxes under their first quota root
// has done so for some, and never does for the others (seen on 3.6.1). That must be among
// the model's outcomes, and so must the others.
func TestTheModelsOutcomesOfADeathAmidAQuotaRoot(t *testing.T) {
	p, err := conform.Parse([]byte(`steps:
  - {op: create, account: alice, mailbox: INBOX/A}
  - {op: settle}
  - {op: setquota, account: alice, count: 100}
  - {op: kill, "on": imap2}
  - {op: start, "on": imap2}
  - {op: settle}
`))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[[2]bool]bool{}
	for seed := uint64(1); seed <= outcomes; seed++ {
		facts := simulated(t, p, seed).Steps[len(p.Steps)-1].Facts
		rooted := func(mailbox string) bool {
			return slices.ContainsFunc(facts, func(fact string) bool {
				return strings.HasPrefix(fact, mailbox+" of alice on imap2: ") && strings.Contains(fact, `quota root "user.alice"`)
			})
		}
		seen[[2]bool{rooted("INBOX"), rooted("INBOX/A")}] = true
	}
	for _, want := range [][2]bool{{true, true}, {true, false}, {false, false}} {
		if !seen[want] {
			t.Errorf("no outcome of %d has INBOX under the root: %t, and INBOX/A: %t", outcomes, want[0], want[1])
		}
	}
}
