package restore_test

import (
	"strings"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// A plan may be hours old when it is applied, or have been applied before. What is so
// already is not done again, and what has been changed since is left, whatever the plan
// says: the server here can do nothing at all, so that whoever tries panics.
func TestAPlanOfYesterday(t *testing.T) {
	const changed, anew = "it has been changed since the plan was made, and that stands", "it has been made anew, or got mail, since the plan was made"
	script := func(guid string, active bool) func(*account) {
		return func(a *account) { a.meta.Scripts = []target.Script{{Name: "rules", GUID: guid, Active: active}} }
	}
	same := func(*account) {}
	for _, tc := range []struct {
		name   string
		action restore.Action
		since  func(*account) // what happened to well()
		left   string         // why; empty: it had been done
	}{
		{"copied, and there", restore.Action{Act: restore.Copy, Mailbox: "INBOX", From: "INBOX", UID: 7, GUID: target.DigestBody([]byte("c"))}, func(a *account) {
			a.mailboxes[0] = box("INBOX", "u1", live(1, "a"), live(2, "b"), live(3, target.DigestBody([]byte("c"))))
		}, ""},
		{"copied, and expunged since", restore.Action{Act: restore.Copy, Mailbox: "INBOX", From: "INBOX", UID: 7, GUID: "c"}, func(a *account) {
			a.mailboxes[0] = box("INBOX", "u1", live(1, "a"), live(2, "b"), tombstone(3, "c"))
		}, ""},
		{"expunged by its user", restore.Action{Act: restore.Expunge, Mailbox: "INBOX", UID: 1, GUID: "a"}, func(a *account) { a.mailboxes[0].Records[0].Expunged = true }, ""},
		{"another message under its UID", restore.Action{Act: restore.Expunge, Mailbox: "INBOX", UID: 1, GUID: "a"}, func(a *account) { a.mailboxes[0].Records[0].GUID = "other" }, ""},
		{"its mailbox is gone", restore.Action{Act: restore.Expunge, Mailbox: "INBOX/Old", UID: 1, GUID: "c"}, func(a *account) { a.mailboxes = a.mailboxes[:1] }, "there is no such mailbox any more"},
		{"flagged so", restore.Action{Act: restore.Flag, Mailbox: "INBOX", UID: 1, GUID: "a", Add: []string{`\Seen`}, Remove: []string{"$Work"}}, func(a *account) { a.mailboxes[0].Records[0].Flags = []string{`\Seen`} }, ""},
		{"made", restore.Action{Act: restore.Create, Mailbox: "INBOX/Old"}, same, ""},
		{"renamed", restore.Action{Act: restore.Rename, Mailbox: "INBOX/Older", To: "INBOX/Old"}, same, ""},
		{"the name is taken", restore.Action{Act: restore.Rename, Mailbox: "INBOX/Old/Deep", To: "INBOX/Old"}, same, "there is another mailbox of that name by now"},
		{"gone, and not renamed", restore.Action{Act: restore.Rename, Mailbox: "INBOX/A", To: "INBOX/B"}, same, "there is no such mailbox any more"},
		{"deleted", restore.Action{Act: restore.Delete, Mailbox: "INBOX/Gone"}, same, ""},
		{"mail has come into what is to be deleted", restore.Action{Act: restore.Delete, Mailbox: "INBOX/Old"}, func(a *account) { a.mailboxes[1] = box("INBOX/Old", "u2", live(1, "c"), live(2, "new")) }, anew},
		{"another of the name of what is to be deleted", restore.Action{Act: restore.Delete, Mailbox: "INBOX/Old"}, func(a *account) { a.mailboxes[1].UniqueID = "u9" }, anew},
		{"subscribed", restore.Action{Act: restore.Subscribe, Mailbox: "INBOX"}, same, ""},
		{"not subscribed", restore.Action{Act: restore.Unsubscribe, Mailbox: "INBOX/Old"}, same, ""},
		{"given these rights", restore.Action{Act: restore.SetACL, Mailbox: "INBOX", Name: "bob", Value: "lr", Was: "lrs"}, same, ""},
		{"given other rights since", restore.Action{Act: restore.SetACL, Mailbox: "INBOX", Name: "bob", Value: "", Was: "lr"}, func(a *account) { a.mailboxes[0].ACL = "alice lrs, bob lrsw" }, changed},
		{"annotated so", restore.Action{Act: restore.SetAnnotation, Mailbox: "INBOX", Name: "/shared/comment", Value: "old", Was: "older"}, same, ""},
		{"annotated otherwise since", restore.Action{Act: restore.SetAnnotation, Mailbox: "INBOX", Name: "/shared/comment", Value: "new", Was: "older"}, same, changed},
		{"a limit set since", restore.Action{Act: restore.SetQuota, Value: "200", Was: "50"}, same, changed},
		{"that limit", restore.Action{Act: restore.SetQuota, Value: "100", Was: "50"}, same, ""},
		{"active", restore.Action{Act: restore.Activate, Name: "rules"}, script("s", true), ""},
		{"another one active since", restore.Action{Act: restore.Activate, Name: "rules", Was: ""}, func(a *account) { a.meta.Scripts = []target.Script{{Name: "mine", GUID: "m", Active: true}} }, changed},
		{"a script stored since", restore.Action{Act: restore.PutScript, Name: "rules", GUID: "new", Was: "old"}, script("mine", true), changed},
		{"a script deleted", restore.Action{Act: restore.DeleteScript, Name: "rules", Was: "old"}, same, ""},
		{"a script stored since that was to be deleted", restore.Action{Act: restore.DeleteScript, Name: "rules", Was: "old"}, script("mine", false), changed},
		{"it can be opened by now", restore.Action{Act: restore.Reconstruct, Mailbox: "INBOX/Old"}, same, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.action.Account = "alice"
			var saw []restore.Sight
			for _, m := range well().mailboxes {
				saw = append(saw, restore.Sight{Account: "alice", Mailbox: m.Name, UniqueID: m.UniqueID, UIDValidity: 1, LastUID: m.LastUID})
			}
			serving := &store{name: target.Imap2, holds: with(tc.since), opens: true, bodies: map[uint32][]byte{3: []byte("c")}}
			report, err := restore.Apply(t.Context(), restore.Scene{Rescued: &store{name: target.Imap1}, Serving: serving, Executor: inTurn{}, Clock: stoppedClock{}},
				restore.Plan{Restorer: "r", Saw: saw, Actions: []restore.Action{tc.action}}, restore.Options{})
			if err != nil {
				t.Fatal(err)
			}
			var left []string
			for _, l := range report.Left {
				left = append(left, l.Reason)
			}
			if got := strings.Join(left, "; "); got != tc.left || report.Found+len(report.Left) != 1 {
				t.Errorf("found %d, left %q, want left %q", report.Found, got, tc.left)
			}
		})
	}
}
