package drill

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// A mailbox is made with those above it that are not there: their user may have deleted
// one on the new master without knowing of what was below it on the old one.
func TestForeseeMailboxesAbove(t *testing.T) {
	for act, acl := range map[restore.Act]string{restore.Remake: "alice lrs, bob l", restore.Create: "alice lrs"} {
		before := map[string]target.Snapshot{"alice": {Mailboxes: []target.Mailbox{{Name: "INBOX", ACL: "alice lrs"}}}}
		rescued := map[string]target.Snapshot{"alice": {Mailboxes: []target.Mailbox{{Name: "INBOX/Old/Fresh", ACL: "alice lrs, bob l"}}}}
		planned := restore.Plan{Actions: []restore.Action{{Act: act, Account: "alice", Mailbox: "INBOX/Old/Fresh", From: "INBOX/Old/Fresh"}}}
		after, known := foresee(before, rescued, planned, restore.Report{})
		want := []target.Mailbox{{Name: "INBOX", ACL: "alice lrs"}, {Name: "INBOX/Old", ACL: "alice lrs"}, {Name: "INBOX/Old/Fresh", ACL: acl}}
		if diff := cmp.Diff(want, after["alice"].Mailboxes); diff != "" || !known["alice"] {
			t.Errorf("%s, known %v: %s", act, known["alice"], diff)
		}
	}
}

// A mailbox that nobody can open is in no snapshot, and is not made again with one below it.
func TestForeseeNoMailboxAboveThatIsThereUnopened(t *testing.T) {
	before := map[string]target.Snapshot{"alice": {Mailboxes: []target.Mailbox{{Name: "INBOX", ACL: "alice lrs"}}}}
	rescued := map[string]target.Snapshot{"alice": {Mailboxes: []target.Mailbox{{Name: "INBOX/Old/Fresh", ACL: "alice lrs"}}}}
	planned := restore.Plan{Actions: []restore.Action{
		{Act: restore.Keep, Account: "alice", Mailbox: "INBOX/Old"},
		{Act: restore.Remake, Account: "alice", Mailbox: "INBOX/Old/Fresh", From: "INBOX/Old/Fresh"},
	}}
	after, _ := foresee(before, rescued, planned, restore.Report{})
	if _, made := after["alice"].Mailbox("INBOX/Old"); made {
		t.Error("INBOX/Old, which is there, is foreseen to be made")
	}
}
