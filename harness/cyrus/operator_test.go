package cyrus

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// login opens a session of the account, which ends with the test.
func login(t *testing.T, server target.Server, account string) target.Session {
	t.Helper()
	session, err := server.User().Login(t.Context(), account)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = session.Close() })
	return session
}

// failOver kills imap1, promotes imap2 and brings imap1 up apart.
func failOver(t *testing.T, p *Pair) {
	t.Helper()
	if _, err := p.Saboteur().KillServer(t.Context(), target.Imap1); err != nil {
		t.Fatal(err)
	}
	if err := p.Operator().Promote(t.Context(), target.Imap2); err != nil {
		t.Fatal(err)
	}
	if err := p.Operator().Rescue(t.Context(), target.Imap1); err != nil {
		t.Fatal(err)
	}
}

// Whatever the old master had that the new one has not must not come back.
func TestResyncBringsNoOldStateBackToLife(t *testing.T) {
	p := warm.get(t)
	deliver(t, p.Serving(), "alice", "on both")
	deliver(t, p.Serving(), "alice", "expunged on the new master")
	wantReplicated(t, p, "alice")
	if _, err := p.Saboteur().Suspend(t.Context(), target.Imap1, "sync_client"); err != nil {
		t.Fatal(err)
	}
	old := login(t, p.Serving(), "alice")
	if err := old.CreateMailbox(t.Context(), "INBOX/Only old"); err != nil {
		t.Fatal(err)
	}
	deliver(t, p.Serving(), "alice", "never replicated")
	failOver(t, p)
	session := login(t, p.Serving(), "alice")
	if err := session.Expunge(t.Context(), "INBOX", []uint32{2}); err != nil {
		t.Fatal(err)
	}
	deliver(t, p.Serving(), "alice", "new")
	before := snapshot(t, p.Serving(), "alice")
	began := time.Now()
	if err := p.Operator().Resync(t.Context(), target.Imap1, accounts); err != nil {
		t.Fatal(err)
	}
	t.Logf("resynced in %s", time.Since(began).Round(time.Millisecond))
	if p.Role(target.Imap1) != target.RoleReplica || p.Serving().Name() != target.Imap2 {
		t.Errorf("imap1 is %s, %s serves", p.Role(target.Imap1), p.Serving().Name())
	}
	if diffs := target.Diff(before, snapshot(t, p.Serving(), "alice")); len(diffs) > 0 {
		t.Errorf("the resync has changed the master: %v", diffs)
	}
	wantEqual(t, p, "alice")
	deliver(t, p.Serving(), "alice", "after it")
	wantEqual(t, p, "alice")
}

func TestSwapRolesLosesNothing(t *testing.T) {
	p := warm.get(t)
	for range 20 {
		deliver(t, p.Serving(), "bob", "before")
	}
	downtime, err := p.Operator().SwapRoles(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("nobody was served for %s", downtime.Round(time.Millisecond))
	if p.Serving().Name() != target.Imap2 || p.Role(target.Imap1) != target.RoleReplica || p.Role(target.Imap2) != target.RoleMaster {
		t.Errorf("%s serves, imap1 is %s, imap2 %s", p.Serving().Name(), p.Role(target.Imap1), p.Role(target.Imap2))
	}
	if inbox, _ := snapshot(t, p.Serving(), "bob").Mailbox("INBOX"); len(inbox.Live()) != 20 {
		t.Errorf("the new master has %d messages of 20", len(inbox.Live()))
	}
	deliver(t, p.Serving(), "bob", "after")
	wantEqual(t, p, "bob")
	if _, err := p.Operator().SwapRoles(t.Context()); err != nil {
		t.Fatalf("and back: %v", err)
	}
	deliver(t, p.Serving(), "bob", "and back")
	wantEqual(t, p, "bob")
}

func TestSwapRolesNeedsAReplica(t *testing.T) {
	p := warm.get(t)
	failOver(t, p)
	if _, err := p.Operator().SwapRoles(t.Context()); err == nil || !strings.Contains(err.Error(), "imap1 is no replica but rescued") {
		t.Errorf("got %v", err)
	}
	if err := p.Operator().Resync(t.Context(), target.Imap2, accounts); err == nil || !strings.Contains(err.Error(), "only a rescued server") {
		t.Errorf("resyncing the master: %v", err)
	}
}

// wantEqual waits until nothing waits in the serving server's sync log and both
// sides are equal for the account.
func wantEqual(t *testing.T, p *Pair, account string) {
	t.Helper()
	other := p.Server(p.Serving().Name().Other())
	err := target.WaitUntil(t.Context(), realTime{}, 20*time.Second, "both sides to be equal", func(context.Context) (bool, string, error) {
		a, b := snapshot(t, p.Serving(), account), snapshot(t, other, account)
		diffs := target.Diff(a, b)
		return len(diffs) == 0, target.FormatDiff(a, b, diffs, 3), nil
	})
	if err != nil {
		t.Error(err)
	}
}

// A mailbox whose name is neither ASCII nor one word is found and rebuilt, and
// nothing else is.
func TestReconstructOneMailbox(t *testing.T) {
	p := warm.get(t)
	const name = "INBOX/Reisen & Büro"
	session := login(t, p.Serving(), "alice")
	if err := session.CreateMailbox(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	_, _, err := session.Append(t.Context(), name, target.AppendMessage{Flags: []string{`\Flagged`}, Body: []byte("Subject: a\r\n\r\na\r\n")})
	if err != nil {
		t.Fatal(err)
	}
	said, err := p.Operator().Reconstruct(t.Context(), target.Imap1, "alice", name)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("said %q", said)
	if said, err = p.Operator().Reconstruct(t.Context(), target.Imap1, "alice", "INBOX/No such"); err == nil {
		t.Errorf("a mailbox that is not there was rebuilt: %q", said)
	}
}

func TestExpireRemovesTombstones(t *testing.T) {
	p := warm.get(t)
	deliver(t, p.Serving(), "alice", "gone")
	deliver(t, p.Serving(), "alice", "kept")
	session := login(t, p.Serving(), "alice")
	if err := session.Expunge(t.Context(), "INBOX", []uint32{1}); err != nil {
		t.Fatal(err)
	}
	if err := session.CreateMailbox(t.Context(), "INBOX/Gone"); err != nil {
		t.Fatal(err)
	}
	if err := session.DeleteMailbox(t.Context(), "INBOX/Gone"); err != nil {
		t.Fatal(err)
	}
	if snap := snapshot(t, p.Serving(), "alice"); len(snap.Mailboxes[0].Records) != 2 || len(snap.Meta.Deleted) != 1 {
		t.Fatalf("before: %+v", snap)
	}
	if _, err := p.Operator().Expire(t.Context(), target.Imap1); err != nil {
		t.Fatal(err)
	}
	if snap := snapshot(t, p.Serving(), "alice"); len(snap.Mailboxes[0].Records) != 1 || len(snap.Meta.Deleted) != 0 {
		t.Errorf("after: %+v", snap)
	}
}
