package restore_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// still is a server of which only the index can be read, and does not change.
type still struct {
	target.Server
	name    target.ServerName
	mailbox target.Mailbox
}

func (s still) Name() target.ServerName { return s.name }

func (s still) Index() target.IndexView { return s }

func (s still) Mailboxes(context.Context, string) ([]target.Mailbox, error) {
	if s.mailbox.Name == "" {
		return nil, nil
	}
	return []target.Mailbox{s.mailbox}, nil
}

func (s still) Mailbox(context.Context, string, string) (target.Mailbox, error) {
	return s.mailbox, nil
}

func (s still) Meta(context.Context, string) (target.Meta, error) { return target.Meta{}, nil }

func live(uid uint32, guid string) target.Record {
	return target.Record{UID: uid, GUID: guid, ModSeq: uint64(uid), InternalDate: time.Unix(int64(uid), 0).UTC()}
}

func tombstone(uid uint32, guid string) target.Record {
	r := live(uid, guid)
	r.Expunged, r.ModSeq = true, 100
	return r
}

func inbox(lastUID uint32, records ...target.Record) target.Mailbox {
	return target.Mailbox{Name: "INBOX", UniqueID: "u", UIDValidity: 1, LastUID: lastUID, Records: records}
}

// frozen is one side of a freeze.
func frozen(name target.ServerName, mailbox target.Mailbox) *restore.FrozenSide {
	return &restore.FrozenSide{Server: name, Accounts: map[string]target.Snapshot{
		"alice": {Server: name, Account: "alice", Level: target.LevelIndex, Mailboxes: []target.Mailbox{mailbox}},
	}}
}

// after is a scene in which imap1 has died with rescued as its index, imap2
// had before when the freeze was taken, and has now today. The findings are
// what index-compare says of the freeze.
func after(t *testing.T, rescued, before, now target.Mailbox) restore.Scene {
	t.Helper()
	freeze := &restore.Freeze{Sides: map[target.ServerName]*restore.FrozenSide{
		target.Imap1: frozen(target.Imap1, rescued), target.Imap2: frozen(target.Imap2, before),
	}}
	found, err := detect.IndexCompare{}.Detect(t.Context(), detect.Scene{
		Clock: stoppedClock{}, Executor: inTurn{}, Accounts: []string{"alice"},
		Sides: []detect.Side{freeze.Sides[target.Imap1], freeze.Sides[target.Imap2]},
	})
	if err != nil {
		t.Fatal(err)
	}
	return restore.Scene{
		Freeze: freeze, Findings: found, Accounts: []string{"alice"}, Executor: inTurn{},
		Rescued: still{name: target.Imap1, mailbox: rescued}, Serving: still{name: target.Imap2, mailbox: now},
	}
}

type stoppedClock struct{}

func (stoppedClock) Now() time.Time                             { return time.Unix(0, 0) }
func (stoppedClock) Sleep(context.Context, time.Duration) error { return nil }

type inTurn struct{}

func (inTurn) Run(ctx context.Context, tasks ...func(context.Context) error) error {
	for _, task := range tasks {
		if err := task(ctx); err != nil {
			return err
		}
	}
	return nil
}

// brief says what an action does, without why.
func brief(plan restore.Plan) []string {
	all := []string{}
	for _, a := range plan.Actions {
		text := fmt.Sprintf("%s %d %s", a.Act, a.UID, a.GUID)
		if a.Doubtful {
			text += " doubtful"
		}
		all = append(all, text)
	}
	return all
}

func TestPlansForMessages(t *testing.T) {
	moved := inbox(5, live(1, "a"), live(2, "new"))
	moved.UIDValidity = 2
	for _, tc := range []struct {
		name                 string
		rescued, before, now target.Mailbox
		want                 []string
	}{
		{
			"a message that never reached the replica, though its UID is taken there by now",
			inbox(2, live(1, "a"), live(2, "lost")), inbox(1, live(1, "a")), inbox(2, live(1, "a"), live(2, "new")),
			[]string{"copy 2 lost"},
		},
		{
			"a message that its user has expunged on the new master",
			inbox(1, live(1, "a")), inbox(1, live(1, "a")), inbox(1, tombstone(1, "a")),
			[]string{},
		},
		{
			"an expunge that never reached the replica",
			inbox(1, tombstone(1, "a")), inbox(1, live(1, "a")), inbox(2, live(1, "a"), live(2, "new")),
			[]string{"expunge 1 a"},
		},
		{
			"an expunge that its user has repeated on the new master",
			inbox(1, tombstone(1, "a")), inbox(1, live(1, "a")), inbox(1, tombstone(1, "a")),
			[]string{"keep 1 a"},
		},
		{
			"an expunge whose UID is another message's by now",
			inbox(1, tombstone(1, "a")), inbox(1, live(1, "a")), inbox(1, live(1, "other")),
			[]string{"keep 1 a"},
		},
		{
			"an expunge in a mailbox whose UIDs mean other messages by now",
			inbox(1, tombstone(1, "a")), inbox(1, live(1, "a")), moved,
			[]string{"keep 1 a"},
		},
		{
			"came and went on the old master, unseen by the replica",
			inbox(2, live(1, "a"), tombstone(2, "gone")), inbox(1, live(1, "a")), inbox(1, live(1, "a")),
			[]string{},
		},
		{
			"a message that has been copied already",
			inbox(2, live(1, "a"), live(2, "lost")), inbox(1, live(1, "a")), inbox(2, live(1, "a"), live(2, "lost")),
			[]string{"keep 2 lost"},
		},
		{
			"a message that was copied, and expunged by its user since",
			inbox(2, live(1, "a"), live(2, "lost")), inbox(1, live(1, "a")), inbox(2, live(1, "a"), tombstone(2, "lost")),
			[]string{"keep 2 lost"},
		},
		{
			"two of the same bytes, of which one has been copied",
			inbox(3, live(1, "a"), live(2, "twin"), live(3, "twin")), inbox(1, live(1, "a")), inbox(2, live(1, "a"), live(2, "twin")),
			[]string{"keep 2 twin", "copy 3 twin"},
		},
		{
			"a twin of a message that both sides always had",
			inbox(2, live(1, "twin"), live(2, "twin")), inbox(1, live(1, "twin")), inbox(1, live(1, "twin")),
			[]string{"copy 2 twin"},
		},
		{
			"deleted on the replica and expired there, or lost: the double is better than the loss",
			inbox(2, live(1, "a"), live(2, "b")), inbox(2, live(2, "b")), inbox(2, live(2, "b")),
			[]string{"copy 1 a doubtful"},
		},
		{
			"what only the new master has is its own",
			inbox(1, live(1, "a")), inbox(2, live(1, "a"), live(2, "own")), inbox(2, live(1, "a"), live(2, "own")),
			[]string{},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			scene := after(t, tc.rescued, tc.before, tc.now)
			copies, err := restore.CopyMissing{}.Plan(t.Context(), scene)
			if err != nil {
				t.Fatal(err)
			}
			expunges, err := restore.CarryExpunges{}.Plan(t.Context(), scene)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, append(brief(copies), brief(expunges)...)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCopyMissingLeavesAloneAMailboxThatIsGone(t *testing.T) {
	plan, err := restore.CopyMissing{}.Plan(t.Context(), after(t, inbox(2, live(1, "a"), live(2, "lost")), inbox(1, live(1, "a")), target.Mailbox{}))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"keep 2 lost"}, brief(plan)); diff != "" {
		t.Error(diff)
	}
}

func TestCopyMissingNeedsAWholeFreeze(t *testing.T) {
	scene := after(t, inbox(1, live(1, "a")), inbox(0), inbox(0))
	scene.Freeze.Sides[target.Imap1].Accounts = nil
	if _, err := (restore.CopyMissing{}).Plan(t.Context(), scene); !errors.Is(err, restore.ErrNoFreeze) {
		t.Errorf("with half a freeze: %v", err)
	}
	scene.Freeze = nil
	if _, err := (restore.CopyMissing{}).Plan(t.Context(), scene); !errors.Is(err, restore.ErrNoFreeze) {
		t.Errorf("with no freeze: %v", err)
	}
}

// The bad example must be as bad as it is said to be.
func TestCopyEverythingResurrects(t *testing.T) {
	scene := after(t, inbox(2, live(1, "expunged-since"), live(2, "lost")), inbox(1, live(1, "expunged-since")), inbox(1, tombstone(1, "expunged-since")))
	plan, err := restore.CopyEverything{}.Plan(t.Context(), scene)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"copy 1 expunged-since", "copy 2 lost"}, brief(plan)); diff != "" {
		t.Error(diff)
	}
}

func TestFreezeSideIsTheStateThatWasKept(t *testing.T) {
	side := frozen(target.Imap1, inbox(1, live(1, "a")))
	status, err := side.Snapshot(t.Context(), "alice", target.LevelStatus)
	if err != nil || status.Mailboxes[0].Records != nil || side.Accounts["alice"].Mailboxes[0].Records == nil {
		t.Errorf("a shallower look: %+v, %v; the freeze has %+v", status, err, side.Accounts)
	}
	if _, err := side.Snapshot(t.Context(), "alice", target.LevelBody); err == nil {
		t.Error("a freeze has given bodies that it does not hold")
	}
	if _, err := side.Snapshot(t.Context(), "mallory", target.LevelIndex); err == nil {
		t.Error("a freeze has given an account that it does not hold")
	}
}
