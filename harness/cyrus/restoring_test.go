package cyrus_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/cyrus/cyrustest"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// What is changed while replication is held waits, and is sent when it is let go on.
func TestReplicationIsHeld(t *testing.T) {
	p := cyrustest.Pair(t, target.Spec{Accounts: []string{"alice"}})
	ctx := t.Context()
	holder := p.Operator().(target.ReplicationHolder)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	messages := func() int {
		box, err := p.Server(target.Imap2).Index().Mailbox(ctx, "alice", "INBOX")
		must(err)
		return len(box.Live())
	}
	must(holder.HoldReplication(ctx, target.Imap1))
	must(holder.HoldReplication(ctx, target.Imap1)) // held twice is held once
	must(p.Serving().User().Deliver(ctx, "alice", []byte("Subject: held\r\n\r\n")))
	processes, err := p.Server(target.Imap1).Host().Processes(ctx)
	must(err)
	if !slices.ContainsFunc(processes, func(p target.Process) bool { return p.Name == "sync_client" && p.State == target.ProcessStopped }) {
		t.Errorf("sync_client is not stopped: %v", processes)
	}
	must(p.Clock().Sleep(ctx, time.Second))
	if messages() != 0 {
		t.Error("it was replicated although replication is held")
	}
	must(holder.ReleaseReplication(ctx, target.Imap1))
	must(target.WaitUntil(ctx, p.Clock(), 20*time.Second, "the message to be replicated", func(context.Context) (bool, string, error) {
		return messages() == 1, "", nil
	}))
}

// A copy of an index lies aside before anything rebuilds it.
func TestIndexIsKept(t *testing.T) {
	p := cyrustest.Pair(t, target.Spec{Accounts: []string{"alice"}})
	keeper := p.Operator().(target.IndexKeeper)
	first, err := keeper.KeepIndex(t.Context(), target.Imap1, "alice", "INBOX")
	if err != nil {
		t.Fatal(err)
	}
	second, err := keeper.KeepIndex(t.Context(), target.Imap1, "alice", "INBOX")
	if err != nil || first == second || !strings.HasPrefix(first, "/var/lib/cyrus/cyrdrill-kept/") {
		t.Errorf("%q, then %q, %v", first, second, err)
	}
}
