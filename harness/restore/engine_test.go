package restore_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/restore/journal"
	"github.com/cyrdrill/cyrdrill/harness/restore/killed"
	"github.com/cyrdrill/cyrdrill/harness/restore/restoretest"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// lost is an incident in which mail of so many accounts is missing, and has to be appended.
func lost(t *testing.T, accounts, messages, bytes int) (*restoretest.Incident, restore.Plan) {
	t.Helper()
	var all []restoretest.Lost
	for i := range accounts {
		all = append(all, restoretest.Lost{Account: fmt.Sprintf("u%02d", i), Messages: messages, Bytes: bytes})
	}
	in := restoretest.Lose(t, 1, all).ByAppend()
	plan, err := restore.CopyMissing{}.Plan(t.Context(), in.Scene)
	if err != nil {
		t.Fatal(err)
	}
	if plan.Count(restore.Copy) != accounts*messages {
		t.Fatalf("%d copies are planned", plan.Count(restore.Copy))
	}
	return in, plan
}

// wantWhole wants each account to have its mail, once.
func wantWhole(t *testing.T, in *restoretest.Incident, messages int) {
	t.Helper()
	for account, snap := range in.State(t) {
		if box, _ := snap.Mailbox("INBOX"); len(box.Live()) != messages {
			t.Errorf("%s has %d messages, want %d", account, len(box.Live()), messages)
		}
	}
}

// hooked is a server of which each command that stores mail is told beforehand.
type hooked struct {
	target.Server
	before func(ctx context.Context, account string, messages []target.AppendMessage) error
	after  func(error) error
}

func (h hooked) User() target.UserView { return hookedUser{h.Server.User(), h} }

type hookedUser struct {
	target.UserView
	server hooked
}

func (u hookedUser) Login(ctx context.Context, account string) (target.Session, error) {
	session, err := u.UserView.Login(ctx, account)
	return hookedSession{session, account, u.server}, err
}

type hookedSession struct {
	target.Session
	account string
	server  hooked
}

func (s hookedSession) Append(ctx context.Context, mailbox string, messages ...target.AppendMessage) (uint32, []uint32, error) {
	if s.server.before != nil {
		if err := s.server.before(ctx, s.account, messages); err != nil {
			return 0, nil, err
		}
	}
	validity, uids, err := s.Session.Append(ctx, mailbox, messages...)
	if s.server.after != nil {
		err = s.server.after(err)
	}
	return validity, uids, err
}

// An answer that never comes is not a no: what the server did all the same is found, and
// not done again.
func TestAnswersThatNeverCome(t *testing.T) {
	in, plan := lost(t, 4, 10, 500)
	answers := 0
	in.Scene.Serving = hooked{Server: in.Scene.Serving, after: func(err error) error {
		if answers++; answers%2 == 1 {
			return errors.New("connection reset by peer")
		}
		return err
	}}
	report, err := restore.Apply(t.Context(), in.Scene, plan, restore.Options{})
	if err != nil || report.Copied != 40 || report.Found > 0 || len(report.Left) > 0 {
		t.Errorf("%s, %v", report.InWords(), err)
	}
	wantWhole(t, in, 10)
}

// A server may still be at work on what it was sent when nobody waits for it any more.
func TestWhatArrivesLate(t *testing.T) {
	in, plan := lost(t, 1, 10, 500)
	late := &lateClock{Clock: in.Scene.Clock}
	serving := in.Scene.Serving
	first := true
	in.Scene.Clock = late
	in.Scene.Serving = hooked{Server: serving, before: func(ctx context.Context, account string, messages []target.AppendMessage) error {
		if !first {
			return nil
		}
		first = false
		late.then = func() {
			session, err := serving.User().Login(ctx, account)
			if err == nil {
				_, _, err = session.Append(ctx, "INBOX", messages...)
			}
			if err != nil {
				t.Error(err)
			}
		}
		return errors.New("connection timed out")
	}}
	if _, err := restore.Apply(t.Context(), in.Scene, plan, restore.Options{}); err != nil {
		t.Fatal(err)
	}
	if first || late.then != nil {
		t.Error("nothing arrived late")
	}
	wantWhole(t, in, 10)
}

// lateClock is a clock that lets something happen in the midst of the first wait of a
// second: after the back-off, when a restore waits for the server to come to rest.
type lateClock struct {
	target.Clock
	then func()
}

func (c *lateClock) Sleep(ctx context.Context, d time.Duration) error {
	if err := c.Clock.Sleep(ctx, d/2); err != nil {
		return err
	}
	if then := c.then; then != nil && d >= time.Second {
		c.then = nil
		then()
	}
	return c.Clock.Sleep(ctx, d-d/2)
}

// A server that dies amid the restore and comes back gets the rest.
func TestServerDiesAndComesBack(t *testing.T) {
	in, plan := lost(t, 6, 10, 500)
	appends := 0
	in.Scene.Serving = hooked{Server: in.Scene.Serving, after: func(err error) error {
		if appends++; appends == 3 {
			if _, err := in.Pair.Saboteur().KillServer(t.Context(), target.Imap2); err != nil {
				t.Error(err)
			}
		}
		return err
	}}
	clock := in.Scene.Clock
	starts := func(ctx context.Context) error {
		if err := clock.Sleep(ctx, 20*time.Second); err != nil {
			return err
		}
		return in.Pair.Operator().Start(ctx, target.Imap2)
	}
	var report restore.Report
	err := in.Pair.Executor().Run(t.Context(), starts, func(ctx context.Context) (err error) {
		report, err = restore.Apply(ctx, in.Scene, plan, restore.Options{Workers: 2})
		return err
	})
	if err != nil || report.Copied != 60 {
		t.Fatalf("%s, %v", report.InWords(), err)
	}
	wantWhole(t, in, 10)
}

// One that does not come back ends it, with a report, and the journal goes on from there.
func TestServerDiesForGood(t *testing.T) {
	in, plan := lost(t, 3, 10, 500)
	store := &journal.Memory{}
	if _, err := in.Pair.Saboteur().KillServer(t.Context(), target.Imap2); err != nil {
		t.Fatal(err)
	}
	report, err := restore.Apply(t.Context(), in.Scene, plan, restore.Options{Journal: store})
	if err == nil || !strings.Contains(err.Error(), "restoring INBOX of u0") || strings.Contains(err.Error(), "\n") || report.Copied != 0 {
		t.Fatalf("%s, %v", report.InWords(), err)
	}
	if err := in.Pair.Operator().Start(t.Context(), target.Imap2); err != nil {
		t.Fatal(err)
	}
	if report, err = restore.Apply(t.Context(), in.Scene, plan, restore.Options{Journal: store}); err != nil || report.Copied != 30 {
		t.Errorf("%s, %v", report.InWords(), err)
	}
	wantWhole(t, in, 10)
}

func TestTwoRestoresAtOnce(t *testing.T) {
	in, plan := lost(t, 3, 10, 500)
	store := &journal.Memory{}
	var second error
	in.Scene.Serving = hooked{Server: in.Scene.Serving, before: func(ctx context.Context, _ string, _ []target.AppendMessage) error {
		if second == nil {
			_, second = restore.Apply(ctx, in.Scene, plan, restore.Options{Journal: store})
		}
		return nil
	}}
	if _, err := restore.Apply(t.Context(), in.Scene, plan, restore.Options{Journal: store}); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(second, journal.ErrInUse) {
		t.Errorf("the second one says %v", second)
	}
	wantWhole(t, in, 10)
}

// full is a journal on a disk that takes so many lines.
type full struct {
	journal.Memory
	room int
}

func (f *full) Append(data []byte) error {
	if f.room--; f.room < 0 {
		return errors.New("no space left on device")
	}
	return f.Memory.Append(data)
}

// Where the journal takes no more, nothing more is done; when there is room again the
// restore goes on.
func TestFullDiskForTheJournal(t *testing.T) {
	for room := range 12 {
		in, plan := lost(t, 3, 10, 500)
		store, appends, sinceFull := &full{room: room}, 0, 0
		in.Scene.Serving = hooked{Server: in.Scene.Serving, before: func(context.Context, string, []target.AppendMessage) error {
			if appends++; store.room < 0 {
				sinceFull++
			}
			return nil
		}}
		_, err := restore.Apply(t.Context(), in.Scene, plan, restore.Options{Journal: store, Workers: 1})
		if err == nil && room < 10 || err != nil && (!strings.Contains(err.Error(), "journal in memory cannot be written to, so nothing more was touched: no space left on device") || strings.Contains(err.Error(), "\n")) {
			t.Errorf("with room for %d lines: %v", room, err)
		}
		if sinceFull > 0 || room == 0 && appends > 0 {
			t.Errorf("with room for %d lines: %d commands when it was full", room, sinceFull)
		}
		store.room = 1000
		if _, err := restore.Apply(t.Context(), in.Scene, plan, restore.Options{Journal: store}); err != nil {
			t.Fatal(err)
		}
		wantWhole(t, in, 10)
	}
}

func TestJournalOfAnotherPlan(t *testing.T) {
	in, plan := lost(t, 2, 3, 500)
	store := &journal.Memory{}
	if _, err := restore.Apply(t.Context(), in.Scene, plan, restore.Options{Journal: store}); err != nil {
		t.Fatal(err)
	}
	plan.Actions[0].Why += "!"
	if _, err := restore.Apply(t.Context(), in.Scene, plan, restore.Options{Journal: store}); err == nil || !strings.Contains(err.Error(), ":1: it is the journal of another plan") {
		t.Error(err)
	}
}

func TestNonsenseIsNotBegun(t *testing.T) {
	in, plan := lost(t, 1, 3, 500)
	plan.Actions[2].Mailbox = "user/bob"
	if _, err := restore.Apply(t.Context(), in.Scene, plan, restore.Options{}); err == nil || err.Error() != `action 3 of the plan, copy: mailbox "user/bob" is no mailbox of the account's own; nothing was touched` {
		t.Error(err)
	}
	wantWhole(t, in, 0)
}

// What was stored is read back before the next account is begun: a server that stores
// other bytes ends the restore at the first account.
func TestVerifiesEachAccount(t *testing.T) {
	in, plan := lost(t, 5, 4, 500)
	touched := map[string]bool{}
	in.Scene.Serving = hooked{Server: in.Scene.Serving, before: func(_ context.Context, account string, messages []target.AppendMessage) error {
		touched[account] = true
		messages[1].Body = append(slices.Clone(messages[1].Body), "more\r\n"...)
		messages[1].SHA1 = ""
		return nil
	}}
	_, err := restore.Apply(t.Context(), in.Scene, plan, restore.Options{Workers: 1})
	if err == nil || !strings.Contains(err.Error(), "reading back what was restored of u00: UID 2, which was brought to INBOX, reads back as other bytes") {
		t.Error(err)
	}
	if len(touched) != 1 {
		t.Errorf("%d accounts were touched", len(touched))
	}
}

// A restore that was killed puts replication back when it is run again.
func TestReplicationIsHeldAndPutBack(t *testing.T) {
	for n := 1; ; n++ {
		in, plan := inPair(t)
		store, death := &journal.Memory{}, killed.At(n, killed.After)
		ctx, scene, diary := death.Mortal(t.Context(), in.Scene, store)
		held := false
		scene.Serving = hooked{Server: scene.Serving, before: func(context.Context, string, []target.AppendMessage) error {
			held = stopped(t, in.Pair)
			return nil
		}}
		_, err := restore.Apply(ctx, scene, plan, restore.Options{Journal: diary})
		if !death.Came() {
			if err != nil || !held || n < 6 {
				t.Errorf("after %d acts: %v; it was held: %v", n, err, held)
			}
			break
		}
		if _, err := restore.Apply(t.Context(), in.Scene, plan, restore.Options{Journal: store}); err != nil {
			t.Fatal(err)
		}
		if stopped(t, in.Pair) {
			t.Errorf("killed after act %d, and run again: replication is held still", n)
		}
		wantWhole(t, in, 1)
	}
}

// inPair is a restore of a message onto a master whose replica is there.
func inPair(t *testing.T) (*restoretest.Incident, restore.Plan) {
	t.Helper()
	in := restoretest.Calm(t, 1, "alice")
	body := []byte("Subject: x\r\n\r\n")
	plan := restore.Plan{Restorer: "r", Saw: []restore.Sight{{Account: "alice", Mailbox: "INBOX"}}, Actions: []restore.Action{{
		Act: restore.Copy, Account: "alice", Mailbox: "INBOX", From: "INBOX", UID: 1, GUID: target.DigestBody(body),
	}}}
	in.Scene.Rescued = &store{name: target.Imap2, bodies: map[uint32][]byte{1: body}}
	return in, plan
}

// stopped says whether sync_client on the master is.
func stopped(t *testing.T, pair target.Pair) bool {
	t.Helper()
	processes, err := pair.Server(target.Imap1).Host().Processes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(processes, func(p target.Process) bool { return p.Name == "sync_client" && p.State == target.ProcessStopped })
}
