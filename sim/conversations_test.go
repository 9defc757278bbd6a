package sim_test

import (
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

// The conversations of what comes with an INBOX after sync_reset are noted where nobody
// finds them again, unless sync_reset could not open the INBOX and left the file there.
func TestConversationsAfterReset(t *testing.T) {
	for name, tc := range map[string]struct {
		broken bool
		wrong  string
	}{
		"of an INBOX that is whole": {false, "it does not know of 1 messages"},
		"of one that is broken":     {true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPair(t, 1)
			deliver(t, p.Serving(), "alice", "before")
			pass(t, p, 2*time.Second)
			if tc.broken {
				if _, err := p.Saboteur().(target.IndexSaboteur).TruncateIndex(t.Context(), target.Imap2, "alice", "INBOX"); err != nil {
					t.Fatal(err)
				}
			}
			if got := conversations(t, p); got != "" {
				t.Fatalf("before: %s", got)
			}
			if err := p.Operator().(target.Resetter).ResetUser(t.Context(), target.Imap2, "alice", true); err != nil {
				t.Fatal(err)
			}
			if status, err := p.Operator().SyncUser(t.Context(), target.Imap1, "alice"); status != 0 || err != nil {
				t.Fatalf("sync_client -u: %d, %v", status, err)
			}
			deliver(t, p.Serving(), "alice", "after")
			pass(t, p, 2*time.Second)
			if got := conversations(t, p); got != tc.wrong {
				t.Errorf("conversations.db of the replica: %q, want %q", got, tc.wrong)
			}
		})
	}
}

// conversations is what is wrong with alice's conversations.db on the replica.
func conversations(t *testing.T, p *sim.Pair) string {
	t.Helper()
	found, err := p.Server(target.Imap2).Host().Databases(t.Context(), []string{"alice"})
	if err != nil {
		t.Fatal(err)
	}
	for _, db := range found {
		if db.Name == "conversations.db" && db.Account == "alice" {
			return db.Wrong
		}
	}
	t.Fatal("there is none")
	return ""
}
