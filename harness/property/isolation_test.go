package property_test

import (
	"context"
	"strings"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/traffic"
)

func TestIsolationCatches(t *testing.T) {
	scene := func() property.Scene {
		m := mail(map[string]*property.ReadMailbox{"INBOX": {Messages: []property.ReadMessage{good(1, "hers"), good(2, "")}}})
		m.Mailboxes[property.MailboxID{Account: "bob", Mailbox: "INBOX"}] = &property.ReadMailbox{Messages: []property.ReadMessage{good(1, "his")}}
		return property.Scene{
			Promises: []traffic.Message{{Marker: "hers", Account: "alice", Mailbox: "INBOX"}, {Marker: "his", Account: "bob", Mailbox: "INBOX"}},
			Mail:     m,
			Glimpses: []property.Glimpse{
				{Account: "bob", Owner: "alice", Mailbox: "INBOX", Opened: errNo},
				{Account: "bob", Owner: "alice", Mailbox: "INBOX/Shared", Rights: "lrs", Listed: property.Told[bool]{Is: true}},
			},
		}
	}
	runScenes(t, property.Isolation{}, scene, 4, []plantedScene{
		{"a message copied into another's mailbox", func(s *property.Scene) {
			inbox(s).Messages = append(inbox(s).Messages, good(3, "his"))
		}, property.Fail, "message his, UID 3 in INBOX of alice on imap2: it is bob's, whose user never put it there"},
		{"a mailbox that anybody may open", func(s *property.Scene) { s.Glimpses[0].Opened = nil }, property.Fail, `user/alice of bob on imap2: bob can open it, to whom its ACL gives ""`},
		{"a mailbox that anybody sees", func(s *property.Scene) { s.Glimpses[0].Listed.Is = true }, property.Fail, "it is listed to bob"},
		{"a shared mailbox that is not shown", func(s *property.Scene) { s.Glimpses[1].Listed.Is = false }, property.Fail, `user/alice/Shared of bob on imap2: it is shared with bob ("lrs"), and not listed`},
		{"a shared mailbox that cannot be opened", func(s *property.Scene) { s.Glimpses[1].Opened = errNo }, property.Fail, "and cannot be opened"},
		{"no answer", func(s *property.Scene) { s.Glimpses[0].Opened = errLate }, property.Unknown, "no answer came"},
		{"no list", func(s *property.Scene) { s.Glimpses[0].Listed.Err = errLate }, property.Unknown, "whether it is listed"},
		{"nobody has looked", func(s *property.Scene) { s.Glimpses = nil }, property.Unknown, "nobody has looked"},
	})
}

// isolated is what the property says after a restore.
func isolated(t *testing.T, of way, bugs ...bug) property.Result {
	t.Helper()
	r := newTry(t, of, bugs...)
	r.apply(t, 4)
	scene := property.Scene{Promises: r.Ledger.Messages(), Accounts: r.Ledger.Accounts()}
	var err error
	if scene.Mail, err = property.ReadMail(t.Context(), r.Pair, r.Pair.Serving(), scene.Promises, scene.Accounts); err != nil {
		t.Fatal(err)
	}
	if scene.Glimpses, err = property.ReadGlimpses(t.Context(), r.Pair, r.Pair.Serving(), r.Scene.Accounts); err != nil {
		t.Fatal(err)
	}
	return property.Isolation{}.Check(scene)
}

func TestARestoreIsolates(t *testing.T) {
	shared := 0
	for _, of := range ways(6) {
		if result := isolated(t, of); result.Verdict != property.Pass || result.Checked < 100 {
			t.Errorf("%+v: %s, %d checked: %v %v", of, result.Verdict, result.Checked, result.Violations, result.Unknown)
		}
		for _, a := range newTry(t, of).plan.Actions {
			if a.Act == restore.SetACL {
				shared++
			}
		}
	}
	if shared == 0 {
		t.Error("no restore was about an ACL")
	}
}

// A restore that mixes up accounts puts mail into another's mailbox.
func TestIsolationCatchesARestore(t *testing.T) {
	plant := func(r *try) { r.scene.Serving = mixedUp{r.scene.Serving} }
	if result := isolated(t, appended(3), plant); result.Verdict != property.Fail || !strings.Contains(result.Violations[0].Text, "whose user never put it there") {
		t.Errorf("%s: %v", result.Verdict, result.Violations)
	}
}

// mixedUp is a server that takes carol for dave.
type mixedUp struct{ target.Server }

func (m mixedUp) User() target.UserView { return mixedUpUser{m.Server.User()} }

type mixedUpUser struct{ target.UserView }

func (u mixedUpUser) Login(ctx context.Context, account string) (target.Session, error) {
	if account == "carol" {
		account = "dave"
	}
	return u.UserView.Login(ctx, account)
}
