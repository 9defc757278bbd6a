package sim_test

import (
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

// What is changed while replication is held waits, and is sent when it is let go on.
func TestReplicationIsHeld(t *testing.T) {
	p, err := sim.NewPair(t.Context(), target.Spec{Seed: 1, Accounts: []string{"alice"}})
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(err)
	messages := func() int {
		must(p.Clock().Sleep(t.Context(), 5*time.Second))
		box, err := p.Server(target.Imap2).Index().Mailbox(t.Context(), "alice", "INBOX")
		must(err)
		return len(box.Live())
	}
	holder := p.Operator().(target.ReplicationHolder)
	must(holder.HoldReplication(t.Context(), target.Imap1))
	must(holder.HoldReplication(t.Context(), target.Imap1)) // held twice is held once
	must(p.Serving().User().Deliver(t.Context(), "alice", []byte("Subject: held\r\n\r\n")))
	if n := messages(); n != 0 {
		t.Errorf("%d messages were replicated although replication is held", n)
	}
	must(holder.ReleaseReplication(t.Context(), target.Imap1))
	if n := messages(); n != 1 {
		t.Errorf("%d messages were replicated, want 1", n)
	}
	must(holder.HoldReplication(t.Context(), target.Imap2)) // which sends nothing
	must(holder.ReleaseReplication(t.Context(), target.Imap2))
}

func TestIndexIsKept(t *testing.T) {
	p, err := sim.NewPair(t.Context(), target.Spec{Seed: 1, Accounts: []string{"alice"}})
	if err != nil {
		t.Fatal(err)
	}
	keeper := p.Operator().(target.IndexKeeper)
	first, err := keeper.KeepIndex(t.Context(), target.Imap1, "alice", "INBOX")
	if err != nil || first == "" {
		t.Fatalf("%q, %v", first, err)
	}
	if second, err := keeper.KeepIndex(t.Context(), target.Imap1, "alice", "INBOX"); err != nil || first == second {
		t.Errorf("%q, then %q, %v", first, second, err)
	}
	if _, err := keeper.KeepIndex(t.Context(), target.Imap1, "alice", "INBOX/None"); err == nil {
		t.Error("a copy was made of what is not there")
	}
}
