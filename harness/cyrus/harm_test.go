package cyrus

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/docker"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// An operator who loses patience amid a swap of roles must not be left with two
// masters, or none, or less mail: either it was not begun, or it is finished.
func TestSwapRolesInterruptedLeavesOneMaster(t *testing.T) {
	p := warm.get(t)
	delivered := 0
	say := func() {
		deliver(t, p.Serving(), "alice", fmt.Sprint(delivered))
		delivered++
	}
	say()
	interruptions := []time.Duration{0, 450 * time.Millisecond, 700 * time.Millisecond}
	// Within these the container is between two lives, with no master process to end.
	for after := 50 * time.Millisecond; after <= 200*time.Millisecond; after += 50 * time.Millisecond {
		interruptions = append(interruptions, after)
	}
	for _, after := range interruptions {
		t.Run(after.String(), func(t *testing.T) {
			before := p.Serving().Name()
			ctx, cancel := context.WithTimeout(t.Context(), after)
			_, err := p.Operator().SwapRoles(ctx)
			cancel()
			t.Logf("%s served, %s does; %v", before, p.Serving().Name(), err)
			if (err == nil) != (p.Serving().Name() != before) {
				t.Errorf("%s serves after %s did, and the swap says %v", p.Serving().Name(), before, err)
			}
			if other := p.Serving().Name().Other(); p.Role(p.Serving().Name()) != target.RoleMaster || p.Role(other) != target.RoleReplica {
				t.Errorf("%s is %s, %s is %s", p.Serving().Name(), p.Role(p.Serving().Name()), other, p.Role(other))
			}
			say()
			wantEqual(t, p, "alice")
			if inbox, _ := snapshot(t, p.Serving(), "alice").Mailbox("INBOX"); len(inbox.Live()) != delivered {
				t.Errorf("%d messages of %d are left", len(inbox.Live()), delivered)
			}
		})
	}
}

// A rescued store whose services greet and can read nothing is no rescued store.
// That is said at once, and the new master goes on.
func TestRescueOfAStoreThatCannotBeRead(t *testing.T) {
	p := warm.get(t)
	deliver(t, p.Serving(), "alice", "on both")
	wantReplicated(t, p, "alice")
	if _, err := p.Saboteur().KillServer(t.Context(), target.Imap1); err != nil {
		t.Fatal(err)
	}
	if err := p.Operator().Promote(t.Context(), target.Imap2); err != nil {
		t.Fatal(err)
	}
	rubbish := file{path: "/var/lib/cyrus/mailboxes.db", mode: 0o600, content: []byte(strings.Repeat("rubbish ", 100))}
	if err := p.engine.write(t.Context(), p.server(target.Imap1).id, rubbish); err != nil {
		t.Fatal(err)
	}
	err := p.Operator().Rescue(t.Context(), target.Imap1)
	if err == nil || !strings.Contains(err.Error(), "rescuing imap1: it is up, and its index cannot be read: ") {
		t.Errorf("the rescue of a store without a list of mailboxes: %v", err)
	}
	if p.Serving().Name() != target.Imap2 || p.Role(target.Imap2) != target.RoleMaster {
		t.Errorf("%s serves, imap2 is %s", p.Serving().Name(), p.Role(target.Imap2))
	}
	deliver(t, p.Serving(), "alice", "and on it goes")
	if inbox, _ := snapshot(t, p.Serving(), "alice").Mailbox("INBOX"); len(inbox.Live()) != 2 {
		t.Errorf("the new master has %d messages of 2", len(inbox.Live()))
	}
}

// Cyrus's master process waits for each of its services to end, for ever. One that does
// not hear of it must not keep the server from its next life.
func TestStartAnewThoughAServiceDoesNotEnd(t *testing.T) {
	p := warm.get(t)
	s := p.server(target.Imap2)
	if _, err := p.Saboteur().Suspend(t.Context(), target.Imap2, "imapd"); err != nil {
		t.Fatal(err)
	}
	if err := s.startAnew(t.Context(), target.RoleReplica, "", docker.KeepData); err != nil {
		t.Fatal(err)
	}
	deliver(t, p.Serving(), "alice", "replicated")
	wantReplicated(t, p, "alice")
}
