package restore_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/restore/restoretest"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/dlist"
)

// caches are the mailboxes whose clients are misled by the serving server as it is now.
func caches(t *testing.T, in *restoretest.Incident) []string {
	t.Helper()
	found, err := detect.ClientCaches{}.Detect(t.Context(), detect.Scene{
		Clock: in.Scene.Clock, Executor: in.Scene.Executor, Accounts: in.Scene.Accounts, Master: target.Imap1,
		Sides: []detect.Side{detect.LiveSide(in.Scene.Rescued), detect.LiveSide(in.Scene.Serving)},
	})
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for i := range found {
		said = append(said, found[i].String())
	}
	return said
}

// When all is put back, both servers are the same to the last modseq, and a client of the
// old master that takes its cache up is told of nothing.
func TestPutsBackAsItWas(t *testing.T) {
	in, plan := flagged(t, false)
	wantAsItWas(t, in, plan)
}

func wantAsItWas(t *testing.T, in *restoretest.Incident, plan restore.Plan) {
	t.Helper()
	report, err := restore.Apply(t.Context(), in.Scene, plan, restore.Options{})
	if err != nil || report.PutBack != 3 || report.Copied != 0 || report.Changed[restore.Remake] != 1 {
		t.Fatalf("%s, %v", report.InWords(), err)
	}
	taken, err := target.TakeSnapshots(t.Context(), in.Scene.Executor, in.Scene.Accounts, target.LevelBody, in.Scene.Rescued, in.Scene.Serving)
	if err != nil {
		t.Fatal(err)
	}
	if diffs := target.Diff(taken[target.Imap1]["alice"], taken[target.Imap2]["alice"]); len(diffs) > 0 {
		t.Errorf("%v", diffs)
	}
	if said := caches(t, in); len(said) > 0 {
		t.Errorf("clients are misled: %v", said)
	}
	if again := in.Plan(t); len(restoretest.Active(again)) > 0 {
		t.Errorf("there is something to do still: %v", restoretest.Active(again))
	}
}

// What is appended at its UID's expense is what misleads clients: the same incident, with
// new UIDs, is found.
func TestClientsNoticeNewUIDs(t *testing.T) {
	in, plan := flagged(t, true)
	if _, err := restore.Apply(t.Context(), in.Scene, plan, restore.Options{}); err != nil {
		t.Fatal(err)
	}
	if said := caches(t, in); len(said) == 0 {
		t.Error("nobody says so")
	}
}

// Whoever comes in between the plan and the act, or amid it, keeps the UID that the server
// gave out; what has lost its UID so comes above all that clients of either server know.
func TestPutsBackPastWhoComesInBetween(t *testing.T) {
	deliver := func(t *testing.T, in *restoretest.Incident) {
		t.Helper()
		for range 2 { // which takes UID 2
			if err := in.Scene.Serving.User().Deliver(t.Context(), "alice", []byte("Subject: new\r\n\r\nx\r\n")); err != nil {
				t.Error(err)
			}
		}
	}
	for name, come := range map[string]func(*testing.T, *restoretest.Incident){
		"before": deliver,
		"amid it": func(t *testing.T, in *restoretest.Incident) {
			in.Scene.Sync = overtaken{in.Scene.Sync, func() { deliver(t, in) }}
		},
	} {
		t.Run(name, func(t *testing.T) {
			in, plan := flagged(t, false)
			come(t, in)
			report, err := restore.Apply(t.Context(), in.Scene, plan, restore.Options{})
			if err != nil || report.PutBack != 2 || report.Copied != 1 || report.Anew != 1 || !strings.Contains(report.InWords(), "1 of them under new UIDs against the plan") {
				t.Fatalf("%s, %v", report.InWords(), err)
			}
			box, _ := in.State(t)["alice"].Mailbox("INBOX")
			var uids []uint32
			for _, r := range box.Live() {
				uids = append(uids, r.UID)
			}
			if !slices.Equal(uids, []uint32{1, 2, 3, 4}) || box.Records[3].GUID != plan.Actions[slices.IndexFunc(plan.Actions, func(a restore.Action) bool { return a.Act == restore.PutBack && a.Mailbox == "INBOX" })].GUID {
				t.Errorf("INBOX has UIDs %v: %v", uids, box.Records)
			}
			if report, err = restore.Apply(t.Context(), in.Scene, plan, restore.Options{}); err != nil || report.Found != 4 || report.Copied+report.PutBack > 0 {
				t.Errorf("a second time, with a new journal: %s, %v", report.InWords(), err)
			}
		})
	}
}

// overtaken are conversations in the first of which somebody comes in between a look at an
// INBOX and the change of it.
type overtaken struct {
	target.SyncDialer
	by func()
}

func (o overtaken) DialSync(ctx context.Context, server target.ServerName) (target.SyncConversation, error) {
	line, err := o.SyncDialer.DialSync(ctx, server)
	return &overtakenLine{line, o.by}, err
}

type overtakenLine struct {
	target.SyncConversation
	by func()
}

func (o *overtakenLine) Apply(ctx context.Context, what dlist.Value) error {
	if by := o.by; by != nil && what.Key == "MAILBOX" && what.TextOf("MBOXNAME") == "user.alice" {
		o.by = nil
		by()
	}
	return o.SyncConversation.Apply(ctx, what)
}

// A sync_server that dies of what it is told is not told it for ever.
func TestGivesUpOnASyncServerThatDies(t *testing.T) {
	in, plan := flagged(t, false)
	cuts := 0
	in.Scene.Sync = cutOff{in.Scene.Sync, &cuts}
	report, err := restore.Apply(t.Context(), in.Scene, plan, restore.Options{})
	if err != nil || cuts != 4 || len(report.Left) != 4 || !strings.Contains(report.Left[0].Reason, "conversations with sync_server ended amid such work: connection reset") {
		t.Errorf("%d cuts: %s, %v: %v", cuts, report.InWords(), err, report.Left)
	}
}

type cutOff struct {
	target.SyncDialer
	cuts *int
}

func (c cutOff) DialSync(ctx context.Context, server target.ServerName) (target.SyncConversation, error) {
	line, err := c.SyncDialer.DialSync(ctx, server)
	return cutLine{line, c.cuts}, err
}

type cutLine struct {
	target.SyncConversation
	cuts *int
}

func (c cutLine) Apply(ctx context.Context, what dlist.Value) error {
	if what.Key != "MAILBOX" {
		return c.SyncConversation.Apply(ctx, what)
	}
	*c.cuts++
	return errors.New("connection reset")
}

// Where the mailbox was made by the plan and is another one by then, its mail is appended to
// that.
func TestPutsBackIntoAMailboxOfThatName(t *testing.T) {
	in, plan := flagged(t, false)
	session, err := in.Scene.Serving.User().Login(t.Context(), "alice")
	if err == nil {
		err = errors.Join(session.CreateMailbox(t.Context(), "INBOX/New"), session.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	report, err := restore.Apply(t.Context(), in.Scene, plan, restore.Options{})
	if err != nil || report.PutBack != 2 || report.Anew != 1 || len(report.Left) != 1 || report.Left[0].Reason != "there is another mailbox of that name by now" {
		t.Fatalf("%s, %v", report.InWords(), err)
	}
	box, _ := in.State(t)["alice"].Mailbox("INBOX/New")
	if len(box.Live()) != 1 || !box.Live()[0].InternalDate.Equal(time.Date(2020, 1, 3, 8, 0, 0, 0, time.UTC)) {
		t.Errorf("%v", box.Live())
	}
}
