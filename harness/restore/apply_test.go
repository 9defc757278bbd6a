package restore_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// store is a server with one mailbox, as far as a restore writes to it.
type store struct {
	target.Server
	target.Session
	target.UserView
	name     target.ServerName
	holds    account // as its index tells it
	opens    bool    // its mailboxes can be opened
	bodies   map[uint32][]byte
	records  []target.Record
	appended [][]target.AppendMessage // by command
	expunged []uint32
	answer   error // to every change
}

func (s *store) Name() target.ServerName { return s.name }

func (s *store) User() target.UserView { return s }

func (s *store) Index() target.IndexView { return whole{name: s.name, account: s.holds} }

func (s *store) Login(context.Context, string) (target.Session, error) { return s, nil }

func (s *store) Deliver(context.Context, string, []byte) error { return errors.New("not expected") }

func (s *store) Scripts(context.Context, string) (target.ScriptSession, error) {
	return nil, errors.New("not expected")
}

func (s *store) Records(context.Context, string) ([]target.Record, error) {
	if s.opens || s.records != nil {
		return s.records, nil
	}
	return nil, &target.RefusedError{Command: "EXAMINE INBOX", Status: "NO", Text: "System I/O error"}
}

func (s *store) Close() error { return nil }

func (s *store) Bodies(_ context.Context, _ string, uids []uint32, each func(uint32, []byte) error) error {
	for _, uid := range uids {
		body, ok := s.bodies[uid]
		if !ok {
			continue
		}
		if err := each(uid, body); err != nil {
			return err
		}
	}
	return nil
}

func (s *store) Append(_ context.Context, _ string, messages ...target.AppendMessage) (uint32, []uint32, error) {
	if s.answer != nil {
		return 0, nil, s.answer
	}
	s.appended = append(s.appended, messages)
	uids := make([]uint32, len(messages))
	for i, m := range messages {
		uids[i] = uint32(1000 + len(s.bodies))
		s.records = append(s.records, target.Record{UID: uids[i], Flags: m.Flags, InternalDate: m.InternalDate})
		s.bodies[uids[i]] = m.Body
	}
	return 1, uids, nil
}

// serves is a server with a mailbox that holds one message, of UID 9.
func serves() *store {
	return &store{name: target.Imap2, bodies: map[uint32][]byte{}, holds: account{mailboxes: []target.Mailbox{box("INBOX", "u1", live(9, "nine"))}}}
}

// saw is what a plan saw of it.
func saw() []restore.Sight {
	return []restore.Sight{{Account: "alice", Mailbox: "INBOX", UniqueID: "u1", UIDValidity: 1, LastUID: 9}}
}

func (s *store) Expunge(_ context.Context, _ string, uids []uint32) error {
	s.expunged = append(s.expunged, uids...)
	return s.answer
}

func copyOf(uid uint32, body []byte) restore.Action {
	return restore.Action{
		Act: restore.Copy, Account: "alice", Mailbox: "INBOX", From: "INBOX", UID: uid,
		GUID: target.DigestBody(body), Flags: []string{`\Seen`}, InternalDate: live(uid, "").InternalDate,
	}
}

func apply(t *testing.T, rescued, serving *store, actions ...restore.Action) (restore.Report, error) {
	t.Helper()
	rescued.name = target.Imap1
	return restore.Apply(t.Context(), restore.Scene{Rescued: rescued, Serving: serving, Executor: inTurn{}, Clock: stoppedClock{}},
		restore.Plan{Restorer: "r", Saw: saw(), Actions: actions}, restore.Options{})
}

func TestApplyCopiesWithFlagsAndDate(t *testing.T) {
	rescued := &store{bodies: map[uint32][]byte{3: []byte("three"), 1: []byte("one")}}
	serving := serves()
	report, err := apply(t, rescued, serving, copyOf(3, []byte("three")), copyOf(1, []byte("one")),
		restore.Action{Act: restore.Keep, Account: "alice", Mailbox: "INBOX", UID: 2},
		restore.Action{Act: restore.Expunge, Account: "alice", Mailbox: "INBOX", UID: 9, GUID: "nine"})
	if err != nil {
		t.Fatal(err)
	}
	want := [][]target.AppendMessage{{
		{Flags: []string{`\Seen`}, InternalDate: live(1, "").InternalDate, Body: []byte("one")},
		{Flags: []string{`\Seen`}, InternalDate: live(3, "").InternalDate, Body: []byte("three")},
	}}
	if diff := cmp.Diff(want, serving.appended); diff != "" {
		t.Error(diff)
	}
	if !slices.Equal(serving.expunged, []uint32{9}) {
		t.Errorf("expunged %v, want 9 alone", serving.expunged)
	}
	if diff := cmp.Diff(restore.Report{
		Restorer: "r", Copied: 2, Expunged: 1, Kept: 1,
		Accounts: []restore.AccountReport{{Account: "alice", Done: map[restore.Act]int{restore.Copy: 2, restore.Expunge: 1}, ReadBack: true}},
	}, report); diff != "" {
		t.Error(diff)
	}
}

// A damaged message must never be passed on as good.
func TestApplyLeavesWhatIsNotWhatTheIndexRecorded(t *testing.T) {
	rescued := &store{bodies: map[uint32][]byte{1: []byte("on    "), 2: nil, 4: []byte("four")}}
	serving := serves()
	report, err := apply(t, rescued, serving, copyOf(1, []byte("one")), copyOf(2, []byte("two")), copyOf(3, []byte("three")), copyOf(4, []byte("four")))
	if err != nil {
		t.Fatal(err)
	}
	if len(serving.appended) != 1 || len(serving.appended[0]) != 1 || string(serving.appended[0][0].Body) != "four" {
		t.Errorf("appended %v, want the fourth alone", serving.appended)
	}
	var left []string
	for _, l := range report.Left {
		left = append(left, fmt.Sprintf("%d %.40s", l.Action.UID, l.Reason))
	}
	want := []string{"1 the rescued store gives other bytes (SHA", "2 the rescued store gives other bytes (SHA", "3 the rescued store no longer shows it"}
	if diff := cmp.Diff(want, left); diff != "" || report.Copied != 1 {
		t.Errorf("copied %d, left: %s", report.Copied, diff)
	}
}

func TestApplyReportsWhatIsRefusedAndEndsWhereNothingIsKnown(t *testing.T) {
	refused, silent := serves(), serves()
	refused.answer = &target.RefusedError{Command: "APPEND INBOX", Status: "NO", Code: "OVERQUOTA"}
	rescued := &store{bodies: map[uint32][]byte{1: []byte("one")}}
	actions := []restore.Action{copyOf(1, []byte("one")), {Act: restore.Expunge, Account: "alice", Mailbox: "INBOX", UID: 9, GUID: "nine"}}
	report, err := apply(t, rescued, refused, actions...)
	if err != nil || len(report.Left) != 2 || report.Copied+report.Expunged != 0 || !strings.Contains(report.Left[0].Reason, "OVERQUOTA") {
		t.Errorf("refused: %+v, %v", report, err)
	}
	lost := errors.New("connection reset")
	silent.answer = lost
	report, err = apply(t, rescued, silent, actions...)
	if !errors.Is(err, lost) || report.Copied != 0 {
		t.Errorf("without an answer: %+v, %v", report, err)
	}
}

func TestApplyBatches(t *testing.T) {
	rescued := &store{bodies: map[uint32][]byte{}}
	var actions []restore.Action
	for uid := uint32(1); uid <= 1100; uid++ {
		rescued.bodies[uid] = fmt.Appendf(nil, "message %d", uid)
		actions = append(actions, copyOf(uid, rescued.bodies[uid]))
	}
	serving := serves()
	report, err := apply(t, rescued, serving, actions...)
	if err != nil || report.Copied != 1100 {
		t.Fatalf("%+v, %v", report, err)
	}
	var sizes []int
	for _, batch := range serving.appended {
		sizes = append(sizes, len(batch))
	}
	if diff := cmp.Diff([]int{500, 500, 100}, sizes); diff != "" {
		t.Error(diff)
	}
}
