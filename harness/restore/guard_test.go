package restore_test

import (
	"strings"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

// What only the rescued store has is unsaved until the serving server has had it.
func TestUnsavedIsWhatTheServingServerHasNeverHad(t *testing.T) {
	p, err := sim.New().NewPair(t.Context(), target.Spec{Seed: 1, Accounts: []string{"alice"}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, saboteur, operator := t.Context(), p.Saboteur(), p.Operator()
	deliver := func(text string) {
		t.Helper()
		if err := p.Serving().User().Deliver(ctx, "alice", []byte("Subject: "+text+"\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
	}
	deliver("on both, and then expunged on the new master")
	if err := p.Clock().Sleep(ctx, 5*time.Second); err != nil { // to be replicated
		t.Fatal(err)
	}
	if _, err := saboteur.Suspend(ctx, target.Imap1, "sync_client"); err != nil {
		t.Fatal(err)
	}
	deliver("only on the old master")
	if _, err := saboteur.KillServer(ctx, target.Imap1); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{operator.Promote(ctx, target.Imap2), operator.Rescue(ctx, target.Imap1)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	session, err := p.Serving().User().Login(ctx, "alice")
	if err != nil {
		t.Fatal(err)
	}
	if err := session.Expunge(ctx, "INBOX", []uint32{1}); err != nil {
		t.Fatal(err)
	}
	unsaved := func() []restore.Unsafe {
		t.Helper()
		found, err := restore.Unsaved(ctx, p.Executor(), p.Server(target.Imap1), p.Serving(), []string{"alice"})
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	found := unsaved()
	if len(found) != 1 || found[0].UID != 2 || !strings.Contains(found[0].String(), "UID 2 in INBOX of alice on imap1 (imap2 has never had it)") {
		t.Fatalf("unsaved: %v", found)
	}
	old, err := p.Server(target.Imap1).User().Login(ctx, "alice")
	if err != nil {
		t.Fatal(err)
	}
	err = old.Bodies(ctx, "INBOX", []uint32{2}, func(_ uint32, body []byte) error {
		_, _, err := session.Append(ctx, "INBOX", target.AppendMessage{Body: body})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if found := unsaved(); len(found) > 0 {
		t.Errorf("unsaved although it was copied: %v", found)
	}
}
