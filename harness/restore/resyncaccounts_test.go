package restore_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/restore/journal"
	"github.com/cyrdrill/cyrdrill/harness/restore/killed"
	"github.com/cyrdrill/cyrdrill/harness/restore/restoretest"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// behind is a pair whose replica lacks alice's last message, and nobody sends it.
func behind(t *testing.T) *restoretest.Incident {
	t.Helper()
	in := restoretest.Calm(t, 1, "alice", "bob")
	in.Scene.Rescued = nil
	for i, act := range []func() error{
		func() error {
			return in.Scene.Serving.User().Deliver(t.Context(), "alice", []byte("Subject: 1\r\n\r\nx\r\n"))
		},
		func() error { return in.Scene.Clock.Sleep(t.Context(), 10*time.Second) },
		func() error {
			_, err := in.Pair.Saboteur().Suspend(t.Context(), target.Imap1, "sync_client")
			return err
		},
		func() error {
			return in.Scene.Serving.User().Deliver(t.Context(), "alice", []byte("Subject: 2\r\n\r\nx\r\n"))
		},
	} {
		if err := act(); err != nil {
			t.Fatalf("%d: %v", i, err)
		}
	}
	return in
}

// look has the two sides of a calm pair compared.
func look(t *testing.T, in *restoretest.Incident) {
	t.Helper()
	found, err := detect.IndexCompare{}.Detect(t.Context(), detect.Scene{
		Clock: in.Scene.Clock, Executor: in.Scene.Executor, Accounts: in.Scene.Accounts, Master: target.Imap1,
		Sides: []detect.Side{detect.LiveSide(in.Pair.Server(target.Imap1)), detect.LiveSide(in.Pair.Server(target.Imap2))},
	})
	if err != nil {
		t.Fatal(err)
	}
	in.Scene.Findings = found
}

func resyncPlan(t *testing.T, in *restoretest.Incident) restore.Plan {
	t.Helper()
	look(t, in)
	plan, err := restore.ResyncAccounts{}.Plan(t.Context(), in.Scene)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func wantEqual(t *testing.T, in *restoretest.Incident) {
	t.Helper()
	taken, err := target.TakeSnapshots(t.Context(), in.Scene.Executor, in.Scene.Accounts, target.LevelBody, in.Scene.Serving, in.Scene.Other)
	if err != nil {
		t.Fatal(err)
	}
	for _, account := range in.Scene.Accounts {
		if diffs := target.Diff(taken[target.Imap1][account], taken[target.Imap2][account]); len(diffs) > 0 {
			t.Errorf("%s: %v", account, diffs)
		}
	}
}

// A replica that is behind is sent what it lacks, also when the restore is killed at any
// moment and run again; a second time nothing is done.
func TestResyncsAReplica(t *testing.T) {
	points := 0
	for _, when := range []killed.When{killed.Before, killed.Amid, killed.After} {
		for n := 1; ; n++ {
			in := behind(t)
			plan := resyncPlan(t, in)
			if plan.Count(restore.Resync) != 1 || plan.Actions[0].Account != "alice" {
				t.Fatalf("planned: %v", plan.Actions)
			}
			store := &journal.Memory{}
			death := killed.At(n, when)
			ctx, scene, diary := death.Mortal(t.Context(), in.Scene, store)
			_, _ = restore.Apply(ctx, scene, plan, restore.Options{Journal: diary})
			report, err := restore.Apply(t.Context(), in.Scene, plan, restore.Options{Journal: store})
			if err != nil || len(report.Left) > 0 {
				t.Fatalf("killed at act %d (%d): %s, %v", n, when, report.InWords(), err)
			}
			wantEqual(t, in)
			if report, err = restore.Apply(t.Context(), in.Scene, plan, restore.Options{}); err != nil || report.Found != 1 {
				t.Fatalf("a second time: %s, %v", report.InWords(), err)
			}
			if !death.Came() {
				break
			}
			points++
		}
	}
	if points < 12 {
		t.Errorf("it was killed at %d points only", points)
	}
}

// What would carry damage to a side that is right, or take away what only that has, is not
// done.
func TestResyncRefuses(t *testing.T) {
	spoil := func(t *testing.T, in *restoretest.Incident, server target.ServerName) {
		t.Helper()
		if _, err := in.Pair.Saboteur().(target.SpoolSaboteur).SpoilMessage(t.Context(), server, "alice", "INBOX", 1, target.Truncated); err != nil {
			t.Fatal(err)
		}
	}
	for _, tc := range []struct {
		name string
		do   func(t *testing.T, in *restoretest.Incident)
		says string
	}{
		{"a message is on the replica alone", func(t *testing.T, in *restoretest.Incident) {
			session, err := in.Scene.Other.User().Login(t.Context(), "alice")
			if err == nil {
				_, _, err = session.Append(t.Context(), "INBOX", target.AppendMessage{Body: []byte("Subject: 3\r\n\r\nx\r\n")})
			}
			if err != nil {
				t.Fatal(err)
			}
		}, "would destroy what imap1 lacks: UID 2 in INBOX of alice on imap2"},
		{"a message is damaged on the master", func(t *testing.T, in *restoretest.Incident) { spoil(t, in, target.Imap1) }, "is damaged on imap1 itself"},
		{"the other one is no replica", func(_ *testing.T, in *restoretest.Incident) {
			in.Scene.Role = func(target.ServerName) target.Role { return target.RoleMaster }
		}, "imap2 is not the replica of imap1"},
		{"there is no other one", func(_ *testing.T, in *restoretest.Incident) { in.Scene.Other = nil }, "imap2 is not the other server of the pair"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			in := behind(t)
			plan := resyncPlan(t, in)
			other := in.Pair.Server(target.Imap2)
			tc.do(t, in)
			before, err := target.TakeSnapshot(t.Context(), other, "alice", target.LevelBody)
			if err != nil {
				t.Fatal(err)
			}
			report, err := restore.Apply(t.Context(), in.Scene, plan, restore.Options{})
			said := ""
			if len(report.Left) > 0 {
				said = report.Left[0].Reason
			}
			var unsafe *restore.UnsafeError
			if errors.As(err, &unsafe) {
				said = err.Error()
			}
			if !strings.Contains(said, tc.says) {
				t.Errorf("%s, %v: said %q", report.InWords(), err, said)
			}
			after, err := target.TakeSnapshot(t.Context(), other, "alice", target.LevelBody)
			if diffs := target.Diff(before, after); err != nil || len(diffs) > 0 {
				t.Errorf("the replica was changed: %v, %v", diffs, err)
			}
		})
	}
}

// Where the master is found wrong itself nothing is planned.
func TestResyncPlansNothingFromABadMaster(t *testing.T) {
	in := behind(t)
	look(t, in)
	in.Scene.Findings = append(in.Scene.Findings, detect.Finding{
		Kind: target.BodyDiffers, Place: target.Place{Server: target.Imap1, Account: "alice", Mailbox: "INBOX", UID: 1}, Evidence: "its bytes are others",
	})
	plan, err := restore.ResyncAccounts{}.Plan(t.Context(), in.Scene)
	if err != nil || len(plan.Actions) != 1 || plan.Actions[0].Act != restore.Keep || !strings.Contains(plan.Actions[0].Why, "mend it first (its bytes are others)") {
		t.Errorf("%v, %v", plan.Actions, err)
	}
}
