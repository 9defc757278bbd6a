package restore_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// rec is a record with a modseq.
func rec(uid uint32, guid string, modseq uint64, flags ...string) target.Record {
	return target.Record{UID: uid, GUID: guid, ModSeq: modseq, Flags: flags}
}

func gone(r target.Record) target.Record {
	r.Expunged = true
	return r
}

// apart is a freeze of one mailbox as both sides have it.
func apart(theirs, mine []target.Record) *restore.Freeze {
	side := func(name target.ServerName, records []target.Record) *restore.FrozenSide {
		m := box("INBOX", "u1", records...)
		for _, r := range records {
			m.HighestModSeq = max(m.HighestModSeq, r.ModSeq)
		}
		return &restore.FrozenSide{Server: name, Accounts: map[string]target.Snapshot{"alice": {Server: name, Account: "alice", Mailboxes: []target.Mailbox{m}}}}
	}
	return &restore.Freeze{Sides: map[target.ServerName]*restore.FrozenSide{"old": side("old", theirs), "new": side("new", mine)}}
}

// What the serving server had when both parted is told from what both have now.
func TestPartedIsWhatBothHadInCommon(t *testing.T) {
	for _, test := range []struct {
		name         string
		theirs, mine []target.Record
		last         uint32
		before       []target.Record
		touched      bool
		undecided    int
	}{
		{"nobody has worked here", []target.Record{rec(1, "a", 1), rec(2, "b", 2), rec(3, "c", 3)}, []target.Record{rec(1, "a", 1), rec(2, "b", 2)},
			2, []target.Record{rec(1, "a", 1), rec(2, "b", 2)}, false, 0},
		{"both have given out the same UIDs", []target.Record{rec(1, "a", 1), rec(2, "b", 2), rec(3, "c", 3)}, []target.Record{rec(1, "a", 1), rec(2, "x", 2), rec(3, "y", 3)},
			1, []target.Record{rec(1, "a", 1)}, true, 0},
		{"mail has come here alone", []target.Record{rec(1, "a", 1)}, []target.Record{rec(1, "a", 1), rec(2, "x", 2)},
			1, []target.Record{rec(1, "a", 1)}, true, 0},
		{"it was flagged there alone", []target.Record{rec(1, "a", 3, "f"), rec(2, "b", 2)}, []target.Record{rec(1, "a", 1), rec(2, "b", 2)},
			2, []target.Record{rec(1, "a", 1), rec(2, "b", 2)}, false, 0},
		{"it was flagged here alone", []target.Record{rec(1, "a", 1), rec(2, "b", 2)}, []target.Record{rec(1, "a", 3, "f"), rec(2, "b", 2)},
			2, []target.Record{rec(1, "a", 3), rec(2, "b", 2)}, true, 0},
		{"it was flagged there and here", []target.Record{rec(1, "a", 4, "f"), rec(2, "b", 2)}, []target.Record{rec(1, "a", 3, "g"), rec(2, "b", 2)},
			2, []target.Record{rec(1, "a", 3, "f"), rec(2, "b", 2)}, false, 1},
		{"it was expunged there, and flagged here", []target.Record{gone(rec(1, "a", 3)), rec(2, "b", 2)}, []target.Record{rec(1, "a", 4, "f"), rec(2, "b", 2)},
			2, []target.Record{rec(1, "a", 2, "f"), rec(2, "b", 2)}, true, 0},
		{"it was expunged here", []target.Record{rec(1, "a", 1), rec(2, "b", 2)}, []target.Record{gone(rec(1, "a", 3)), rec(2, "b", 2)},
			2, []target.Record{rec(1, "a", 1), rec(2, "b", 2)}, true, 0},
	} {
		freeze := apart(test.theirs, test.mine)
		if why := freeze.Touched("old", "new"); (why != "") != test.touched {
			t.Errorf("%s: touched: %q", test.name, why)
		}
		parted, undecided, err := freeze.Parted("old", "new")
		if err != nil {
			t.Fatal(err)
		}
		before := parted.Sides["new"].Accounts["alice"].Mailboxes[0]
		if diff := cmp.Diff(test.before, before.Records); diff != "" || before.LastUID != test.last || len(undecided) != test.undecided {
			t.Errorf("%s: LAST_UID %d, undecided %v%s", test.name, before.LastUID, undecided, diff)
		}
		if diff := cmp.Diff(apart(test.theirs, test.mine), freeze); diff != "" {
			t.Errorf("%s: the freeze itself was changed:%s", test.name, diff)
		}
	}
}

// Of what belongs to no message nothing tells when it was changed. What is lacking is
// brought over, and no value that is there is overwritten, nor anything taken away.
func TestPartedDecidesNothingThatNobodyCan(t *testing.T) {
	freeze := apart([]target.Record{rec(1, "a", 1)}, []target.Record{rec(1, "a", 1)})
	change := func(server target.ServerName, do func(*target.Snapshot)) {
		snap := freeze.Sides[server].Accounts["alice"]
		snap.Mailboxes = slices.Clone(snap.Mailboxes)
		do(&snap)
		freeze.Sides[server].Accounts["alice"] = snap
	}
	change("old", func(s *target.Snapshot) {
		s.Mailboxes[0].ACL = "alice lrs"
		s.Mailboxes = append(s.Mailboxes, box("INBOX/New name", "u2"), box("INBOX/Only there", "u3"))
		s.Meta = target.Meta{
			QuotaKiB: 7, Subscriptions: []string{"INBOX/New name", "INBOX/Only there"}, Deleted: []string{"u4"},
			Scripts: []target.Script{{Name: "both", GUID: "1"}, {Name: "missing", GUID: "2", Active: true}},
		}
	})
	change("new", func(s *target.Snapshot) {
		s.Mailboxes = append(s.Mailboxes, box("INBOX/Deleted there", "u4"), box("INBOX/Old name", "u2"))
		s.Meta = target.Meta{QuotaKiB: 8, Scripts: []target.Script{{Name: "both", GUID: "3", Active: true}, {Name: "only here", GUID: "4"}}}
	})
	parted, undecided, err := freeze.Parted("old", "new")
	if err != nil {
		t.Fatal(err)
	}
	scene := restore.Scene{
		Freeze: parted, Accounts: []string{"alice"}, Executor: inTurn{}, Clock: stoppedClock{}, Rescued: named{name: "old"},
		Serving: whole{name: "new", account: account{mailboxes: freeze.Sides["new"].Accounts["alice"].Mailboxes, meta: freeze.Sides["new"].Accounts["alice"].Meta}},
	}
	var got []string
	for _, r := range []restore.Restorer{restore.RestoreMailboxes{}, restore.MergeSettings{}} {
		plan, err := r.Plan(t.Context(), scene)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range plan.Actions {
			if a.Act != restore.Keep {
				got = append(got, string(a.Act)+" "+a.Mailbox)
			}
		}
	}
	if diff := cmp.Diff([]string{"create INBOX/Only there"}, got); diff != "" {
		t.Error(diff)
	}
	if len(undecided) != 6 { // a right, a name, a deletion, a script, which is active, the quota
		t.Errorf("%d undecided: %v", len(undecided), undecided)
	}
	left := parted.Sides["old"].Accounts["alice"].Meta.Scripts
	if diff := cmp.Diff([]target.Script{{Name: "missing", GUID: "2"}}, left); diff != "" {
		t.Error(diff)
	}
}

// named is a server of which nobody asks more than its name.
type named struct {
	target.Server
	name target.ServerName
}

func (n named) Name() target.ServerName { return n.name }
