package restore_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/restore/restoretest"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// bare is an operator that can do nothing beside what every one can.
type bare struct{ target.Operator }

func TestRefusesWhatReplicationWouldCarry(t *testing.T) {
	in, plan := inPair(t)
	in.Scene.Operator = bare{in.Scene.Operator}
	_, err := restore.Apply(t.Context(), in.Scene, plan, restore.Options{})
	var unsafe *restore.UnsafeError
	if !errors.As(err, &unsafe) || err.Error() != "imap1 replicates with imap2, and replication cannot be held from here; stop sync_client on imap1; nothing was touched" {
		t.Error(err)
	}
	wantWhole(t, in, 0)
}

// What was stored wrongly is not carried on.
func TestHoldsReplicationOnWhereSomethingIsUnsound(t *testing.T) {
	in, plan := inPair(t)
	in.Scene.Serving = hooked{Server: in.Scene.Serving, before: func(_ context.Context, _ string, messages []target.AppendMessage) error {
		messages[0].Body = []byte("Subject: another\r\n\r\n")
		return nil
	}}
	_, err := restore.Apply(t.Context(), in.Scene, plan, restore.Options{})
	if err == nil || !strings.Contains(err.Error(), "reads back as other bytes") || !strings.HasSuffix(err.Error(), "; replication of imap1 is held still, so that it does not carry that on") {
		t.Error(err)
	}
	if !stopped(t, in.Pair) {
		t.Error("replication goes on")
	}
}

// A reconstruct in a pair is the disaster itself: what it loses is lost on both.
func TestRefusesToRebuildInAPair(t *testing.T) {
	in, _ := inPair(t)
	plan := restore.Plan{Restorer: "r", Actions: []restore.Action{{Act: restore.Reconstruct, Account: "alice", Mailbox: "INBOX"}}}
	_, err := restore.Apply(t.Context(), in.Scene, plan, restore.Options{})
	if err == nil || !strings.Contains(err.Error(), "imap1 replicates with imap2: what a reconstruct loses of INBOX of alice") || !strings.Contains(err.Error(), "nothing was touched") {
		t.Error(err)
	}
}

// spy is an operator that tells what is asked of it.
type spy struct {
	target.Operator
	asked []string
}

func (s *spy) Reconstruct(context.Context, target.ServerName, string, string, ...target.ReconstructOption) (string, error) {
	s.asked = append(s.asked, "reconstruct")
	return "", nil
}

func (s *spy) KeepIndex(context.Context, target.ServerName, string, string) (string, error) {
	s.asked = append(s.asked, "keep")
	return "kept/u1.1", nil
}

func rebuilt(t *testing.T, operator target.Operator) (restore.Report, error) {
	t.Helper()
	serving := serves()
	serving.holds.mailboxes = nil // it cannot be opened
	return restore.Apply(t.Context(), restore.Scene{Serving: serving, Executor: inTurn{}, Clock: stoppedClock{}, Operator: operator},
		restore.Plan{Restorer: "r", Actions: []restore.Action{{Act: restore.Reconstruct, Account: "alice", Mailbox: "INBOX"}}}, restore.Options{})
}

// No index is rebuilt of which no copy lies aside.
func TestKeepsIndexesBeforeTheyAreRebuilt(t *testing.T) {
	operator := &spy{}
	report, err := rebuilt(t, operator)
	if err != nil || strings.Join(operator.asked, ", ") != "keep, reconstruct" || strings.Join(report.KeptIndexes, " ") != "kept/u1.1" {
		t.Errorf("%v: %v, %+v", operator.asked, err, report)
	}
	if len(report.Left) != 1 || report.Left[0].Reason != "it was rebuilt, and cannot be opened: EXAMINE INBOX: refused: NO System I/O error" {
		t.Errorf("that it was of no use is not reported: %+v", report)
	}
	report, err = rebuilt(t, bare{&spy{}})
	if err != nil || len(report.Left) != 1 || !strings.Contains(report.Left[0].Reason, "no copy of its index can be taken") {
		t.Errorf("%+v, %v", report, err)
	}
}

func TestSyncResetOnTheWrongSide(t *testing.T) {
	in := restoretest.Calm(t, 1, "alice")
	session, err := in.Pair.Serving().User().Login(t.Context(), "alice")
	if err == nil {
		_, _, err = session.Append(t.Context(), "INBOX", target.AppendMessage{Body: []byte("x\r\n")})
	}
	if err != nil {
		t.Fatal(err)
	}
	var unsafe *restore.UnsafeError
	if err := restore.ResetUser(t.Context(), in.Scene, target.Imap1, "alice"); !errors.As(err, &unsafe) || !strings.Contains(err.Error(), "nothing was touched") {
		t.Errorf("on the master: %v", err)
	}
	wantWhole(t, in, 1)
	if err := restore.ResetUser(t.Context(), in.Scene, target.Imap2, "alice"); err != nil {
		t.Errorf("on the replica: %v", err)
	}
	in.Scene.Role = nil
	if err := restore.ResetUser(t.Context(), in.Scene, target.Imap2, "alice"); !errors.As(err, &unsafe) {
		t.Errorf("where nothing is known of roles: %v", err)
	}
	wantWhole(t, in, 1)
}
