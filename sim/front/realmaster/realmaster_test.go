// Package realmaster_test lets real masters replicate into simulated replicas.
package realmaster_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/cyrus"
	"github.com/cyrdrill/cyrdrill/harness/cyrus/cyrustest"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/view"
	"github.com/cyrdrill/cyrdrill/sim"
	"github.com/cyrdrill/cyrdrill/sim/front"
	"github.com/cyrdrill/cyrdrill/sim/front/fronttest"
)

const (
	admin    = "admin"
	password = "secret"
)

var suite = flag.String("suite", "bookworm", "whose Cyrus the master runs and the replica is modelled on, as a Debian suite")

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// realMaster returns a real master whose replica is the second server of an empty
// simulated pair.
func realMaster(t *testing.T, options ...sim.SyncOption) (*cyrus.Pair, *front.Fronts) {
	t.Helper()
	real := cyrustest.Pair(t, target.Spec{Suite: *suite, Accounts: []string{"alice", "bob"}}).(*cyrus.Pair)
	listener, err := real.ListenForMaster(t.Context())
	must(t, err)
	pair, err := sim.NewPair(t.Context(), target.Spec{Suite: *suite, Seed: 4})
	must(t, err)
	w, err := front.Open(context.WithoutCancel(t.Context()), pair, front.Options{Admin: admin, Password: password})
	must(t, err)
	t.Cleanup(func() { must(t, w.Close()) })
	served := &front.Sync{World: w, Server: target.Imap2, Admin: admin, Password: password, Options: options}
	go func() { _ = served.Serve(t.Context(), listener) }()
	must(t, real.ReplicateTo(t.Context(), listener.Addr()))
	t.Cleanup(func() { explain(t, real, w) })
	for _, account := range []string{"alice", "bob"} { // who were made before
		_, err := real.SyncUser(t.Context(), account)
		must(t, err)
	}
	return real, w
}

// wantSame wants the simulated replica to have what the real master has, to the body,
// with all tombstones.
func wantSame(t *testing.T, real *cyrus.Pair, w *front.Fronts, accounts ...string) {
	t.Helper()
	wantSameBy(t, real, w, func(s target.Snapshot) target.Snapshot { return s }, accounts...)
}

func withoutTombstones(s target.Snapshot) target.Snapshot {
	for i, m := range s.Mailboxes {
		s.Mailboxes[i].Records = m.Live()
	}
	return s
}

// wantSameBy wants the same of a part of either's state.
func wantSameBy(t *testing.T, real *cyrus.Pair, w *front.Fronts, part func(target.Snapshot) target.Snapshot, accounts ...string) {
	t.Helper()
	for _, account := range accounts {
		err := target.WaitUntil(t.Context(), real.Clock(), 10*time.Second, "the simulated replica of "+account+" to be equal", func(ctx context.Context) (bool, string, error) {
			master, err := target.TakeSnapshot(ctx, real.Serving(), account, target.LevelBody)
			if err != nil {
				return false, "", err
			}
			var replica target.Snapshot
			w.Do(func(p *sim.Pair) {
				replica, err = target.TakeSnapshot(ctx, p.Server(target.Imap2), account, target.LevelBody)
			})
			if err != nil {
				return false, "", err
			}
			master, replica = part(master), part(replica)
			diffs := append(target.Diff(master, replica), unlike(master, replica)...)
			return len(diffs) == 0 && len(master.Mailboxes) > 0, target.FormatDiff(master, replica, diffs, 0), nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// unlike compares what [target.Diff] leaves out: checksums, and deleted mailboxes.
func unlike(a, b target.Snapshot) []target.Difference {
	var diffs []target.Difference
	for i, m := range a.Mailboxes {
		if i < len(b.Mailboxes) && m.SyncCRC != b.Mailboxes[i].SyncCRC {
			diffs = append(diffs, target.Difference{Mailbox: m.Name, Field: "sync_crc", A: m.SyncCRC, B: b.Mailboxes[i].SyncCRC})
		}
	}
	if !slices.Equal(a.Meta.Deleted, b.Meta.Deleted) {
		diffs = append(diffs, target.Difference{Field: "deleted", A: fmt.Sprint(a.Meta.Deleted), B: fmt.Sprint(b.Meta.Deleted)})
	}
	return diffs
}

// Changes on a real master reach a simulated replica as they come.
func TestRealMasterRolls(t *testing.T) {
	real, w := realMaster(t)
	fronttest.Work(t, real)
	wantSame(t, real, w, "alice", "bob")
	fronttest.WorkOn(t, real)
	wantSame(t, real, w, "alice", "bob")
	wantSeenAlike(t, real, w)
	must(t, view.New(target.Imap1, real.Serving().(view.Dialer), view.Credentials{Admin: admin, Password: password}).Admin().DeleteAccount(t.Context(), "bob"))
	must(t, target.WaitUntil(t.Context(), real.Clock(), 10*time.Second, "bob to be gone from the replica", func(ctx context.Context) (gone bool, _ string, err error) {
		w.Do(func(p *sim.Pair) {
			var left []target.Mailbox
			left, err = p.Server(target.Imap2).Index().Mailboxes(ctx, "bob")
			gone = len(left) == 0 && strings.Contains(strings.Join(p.Trace(), "\n"), "was told to APPLY UNUSER:") // after the last of them
		})
		return gone, "mailboxes are left, or the account", err
	}))
	wantSame(t, real, w, "alice")
	wantTold(t, w, "APPLY CAPABILITIES", "GET USER", "GET MAILBOXES", "APPLY RESERVE", "APPLY MESSAGE", "APPLY MAILBOX",
		"APPLY RENAME", "APPLY UNUSER", "APPLY SUB", "APPLY UNSUB", "APPLY SEEN", "APPLY QUOTA")
}

// wantTold wants the simulated replica to have been told to do these things.
func wantTold(t *testing.T, w *front.Fronts, commands ...string) {
	t.Helper()
	w.Do(func(p *sim.Pair) {
		trace := strings.Join(p.Trace(), "\n")
		for _, command := range commands {
			if !strings.Contains(trace, "was told to "+command+":") {
				t.Errorf("the real master never said %s", command)
			}
		}
	})
}

// A real sync_client that sends an account at once makes a simulated replica equal, and
// finds nothing more to send then: it compares what no snapshot has, checksums among it.
func TestRealMasterSendsAccounts(t *testing.T) {
	for name, options := range map[string][]sim.SyncOption{
		"scripts as mail":        nil,
		"scripts by their files": {sim.WithoutSieveMailbox()},
	} {
		t.Run(name, func(t *testing.T) {
			real, w := realMaster(t, options...)
			_, err := real.Saboteur().Suspend(t.Context(), target.Imap1, "sync_client")
			must(t, err)
			for _, change := range []func(testing.TB, target.Pair){fronttest.Work, fronttest.WorkOn} {
				change(t, real)
				wantSent(t, real, "alice", "MAILBOX user.alice\n", "MAILBOX user.alice.Work\n")
				wantSent(t, real, "bob", "SEEN bob")
				wantSame(t, real, w, "alice", "bob")
				wantSeenAlike(t, real, w)
				for _, account := range []string{"alice", "bob"} {
					if said := sent(t, real, account); strings.Contains(said, "MAILBOX") || strings.Contains(said, "SIEVE") || strings.Contains(said, "SEEN") {
						t.Errorf("equal sides, and sync_client sent %s again:\n%s", account, said)
					}
				}
			}
			if options != nil {
				wantTold(t, w, "APPLY SIEVE", "APPLY UNSIEVE", "APPLY ACTIVATE_SIEVE")
			}
		})
	}
}

// What only the simulated replica has comes back to the real master, and clashes are
// settled on both sides.
func TestRealMasterMergesWithSimulatedReplica(t *testing.T) {
	real, w := realMaster(t)
	fronttest.Work(t, real)
	wantSame(t, real, w, "alice")
	_, err := real.Saboteur().Suspend(t.Context(), target.Imap1, "sync_client")
	must(t, err)
	w.Do(func(p *sim.Pair) {
		session, err := p.Server(target.Imap2).User().Login(t.Context(), "alice")
		must(t, err)
		_, _, err = session.Append(t.Context(), "INBOX/Work", target.AppendMessage{Body: fronttest.Message("on the replica alone")})
		must(t, err)
		_, _, err = session.Append(t.Context(), "INBOX/New", target.AppendMessage{Body: fronttest.Message("this one")}, target.AppendMessage{Body: fronttest.Message("another")})
		must(t, err)
		must(t, session.SetFlags(t.Context(), "INBOX", []uint32{1}, []string{"$Replica"}, nil))
	})
	session, err := real.Serving().User().Login(t.Context(), "alice")
	must(t, err)
	_, _, err = session.Append(t.Context(), "INBOX/New", target.AppendMessage{Body: fronttest.Message("that one")})
	must(t, err)
	must(t, session.Close())
	wantSent(t, real, "alice", "FULLMAILBOX")
	// What clashed is expunged under its old UID on either side, and each remembers
	// its own.
	wantSameBy(t, real, w, withoutTombstones, "alice")
	wantTold(t, w, "GET FULLMAILBOX", "GET FETCH", "APPLY EXPUNGE")
	merged, err := real.Serving().Index().Mailbox(t.Context(), "alice", "INBOX/New")
	must(t, err)
	if len(merged.Live()) != 3 {
		t.Errorf("%d messages came together, want 3", len(merged.Live()))
	}
}

func sent(t testing.TB, real *cyrus.Pair, account string) string {
	t.Helper()
	said, err := real.SyncUser(t.Context(), account)
	must(t, err)
	return said
}

// wantSent sends an account, and wants that to have taken these commands.
func wantSent(t testing.TB, real *cyrus.Pair, account string, commands ...string) {
	t.Helper()
	said := sent(t, real, account)
	for _, command := range commands {
		if !strings.Contains(said, command) {
			t.Errorf("sync_client did not send %q of %s:\n%s", command, account, said)
		}
	}
}

// wantSeenAlike wants bob to be shown the same of what alice shares.
func wantSeenAlike(t *testing.T, real *cyrus.Pair, w *front.Fronts) {
	t.Helper()
	for _, mailbox := range []string{"user/alice", "user/alice/Work"} {
		want := seenBy(t, real.Serving(), mailbox)
		var got string
		w.Do(func(p *sim.Pair) { got = seenBy(t, p.Server(target.Imap2), mailbox) })
		if got != want {
			t.Errorf("bob has seen %s of %s on the replica, and %s on the master", got, mailbox, want)
		}
	}
}

func seenBy(t testing.TB, server target.Server, mailbox string) string {
	t.Helper()
	session, err := server.User().Login(t.Context(), "bob")
	must(t, err)
	defer func() { must(t, session.Close()) }()
	records, err := session.Records(t.Context(), mailbox)
	var refused *target.RefusedError
	if errors.As(err, &refused) {
		return "nothing" // it is not shared yet
	}
	must(t, err)
	var seen []uint32
	for _, r := range records {
		if slices.Contains(r.Flags, `\Seen`) {
			seen = append(seen, r.UID)
		}
	}
	return fmt.Sprint("UIDs ", seen)
}

// explain shows what both sides noted, where a test has failed.
func explain(t *testing.T, real *cyrus.Pair, w *front.Fronts) {
	if !t.Failed() {
		return
	}
	w.Do(func(p *sim.Pair) {
		for _, line := range p.Trace() {
			t.Log(line)
		}
	})
	if syslog, err := real.Serving().Host().Syslog(context.Background()); err == nil {
		t.Logf("%s", syslog)
	}
}
