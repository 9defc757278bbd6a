package restore_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// account is the state of one account, to be written as a difference from what
// both sides had when all was well.
type account struct {
	mailboxes []target.Mailbox
	meta      target.Meta
}

// well is an account before anything happened.
func well() account {
	return account{
		mailboxes: []target.Mailbox{
			box("INBOX", "u1", live(1, "a"), live(2, "b")),
			box("INBOX/Old", "u2", live(1, "c")),
			box("INBOX/Old/Deep", "u3", live(1, "b")),
		},
		meta: target.Meta{QuotaKiB: 100, Subscriptions: []string{"INBOX"}},
	}
}

func box(name, uniqueID string, records ...target.Record) target.Mailbox {
	m := target.Mailbox{
		Name: name, UniqueID: uniqueID, UIDValidity: 1, ACL: "alice lrs, bob lr",
		Annotations: map[string]string{"/shared/comment": "old"}, Records: records,
	}
	for _, r := range records {
		m.LastUID = max(m.LastUID, r.UID)
	}
	return m
}

// with is the account after a change.
func with(change func(*account)) account {
	a := well()
	change(&a)
	return a
}

// whole is a server that has one account.
type whole struct {
	target.Server
	name target.ServerName
	account
}

func (w whole) Name() target.ServerName { return w.name }

func (w whole) Index() target.IndexView { return w }

func (w whole) Mailboxes(context.Context, string) ([]target.Mailbox, error) {
	return append([]target.Mailbox{}, w.mailboxes...), nil
}

func (w whole) Mailbox(_ context.Context, _, name string) (target.Mailbox, error) {
	found, _ := target.Snapshot{Mailboxes: w.mailboxes}.Mailbox(name)
	return found, nil
}

func (w whole) Meta(context.Context, string) (target.Meta, error) { return w.meta, nil }

// planned is what a restorer plans where imap1 died with rescued, imap2 had well
// in the freeze, and has now by now.
func planned(t *testing.T, r restore.Restorer, rescued, now account) []string {
	t.Helper()
	side := func(name target.ServerName, a account) *restore.FrozenSide {
		return &restore.FrozenSide{Server: name, Accounts: map[string]target.Snapshot{
			"alice": {Server: name, Account: "alice", Level: target.LevelIndex, Mailboxes: a.mailboxes, Meta: a.meta},
		}}
	}
	plan, err := r.Plan(t.Context(), restore.Scene{
		Freeze:   &restore.Freeze{Sides: map[target.ServerName]*restore.FrozenSide{target.Imap1: side(target.Imap1, rescued), target.Imap2: side(target.Imap2, well())}},
		Accounts: []string{"alice"}, Executor: inTurn{},
		Rescued: whole{name: target.Imap1, account: rescued}, Serving: whole{name: target.Imap2, account: now},
	})
	if err != nil {
		t.Fatal(err)
	}
	said := []string{}
	for _, a := range plan.Actions {
		words := []string{string(a.Act), a.Mailbox, a.To, a.Name, a.Value}
		if a.GUID != "" {
			words = append(words, a.GUID)
		}
		for _, flag := range a.Add {
			words = append(words, "+"+flag)
		}
		for _, flag := range a.Remove {
			words = append(words, "-"+flag)
		}
		said = append(said, strings.Join(strings.Fields(strings.Join(words, " ")), " "))
	}
	return said
}

// What users did on the old master is carried over; what they have done on the new
// one since then stands; and what both did is done once.
func TestPlansForAccounts(t *testing.T) {
	rename := func(a *account) {
		a.mailboxes[1].Name, a.mailboxes[2].Name = "INBOX/New", "INBOX/New/Deep"
	}
	remove := func(a *account) {
		a.mailboxes, a.meta.Deleted = a.mailboxes[:1], []string{"u2", "u3"}
	}
	add := func(a *account) { a.mailboxes = append(a.mailboxes, box("INBOX/Fresh", "u9", live(1, "z"))) }
	flag := func(a *account) { a.mailboxes[0].Records[0].Flags = []string{"$Work", `\Seen`} }
	settings := func(a *account) {
		a.meta.QuotaKiB, a.meta.Subscriptions = 200, []string{"INBOX/Old"}
		a.mailboxes[0].ACL, a.mailboxes[0].Annotations = "alice lrs, carol l", map[string]string{"/shared/comment": "new"}
	}
	flagged := func(a *account, mailbox, record int) { a.mailboxes[mailbox].Records[record].Flags = []string{`\Seen`} }
	copied := func(a *account) { a.mailboxes[1] = box("INBOX/Old", "u2", live(1, "c"), live(2, "b")) }
	same := func(*account) {}
	for _, tc := range []struct {
		name     string
		restorer restore.Restorer
		old, new func(*account)
		want     []string
	}{
		{"renamed, with what is below it", restore.RestoreMailboxes{}, rename, same, []string{"rename INBOX/Old INBOX/New"}},
		{"renamed on both", restore.RestoreMailboxes{}, rename, rename, []string{}},
		{"renamed otherwise on the new one", restore.RestoreMailboxes{}, rename, func(a *account) { a.mailboxes[1].Name = "INBOX/Mine" }, []string{"rename INBOX/Old/Deep INBOX/New/Deep"}},
		{"renamed to a name that is taken by now", restore.RestoreMailboxes{}, rename, func(a *account) { a.mailboxes = append(a.mailboxes, box("INBOX/New", "u8")) }, []string{"keep INBOX/Old INBOX/New", "rename INBOX/Old/Deep INBOX/New/Deep"}},
		{"deleted, the deepest first", restore.RestoreMailboxes{}, remove, same, []string{"delete INBOX/Old/Deep", "delete INBOX/Old"}},
		{"deleted, and new mail has come since", restore.RestoreMailboxes{}, remove, func(a *account) {
			a.mailboxes[1] = box("INBOX/Old", "u2", live(1, "c"), live(2, "new"))
		}, []string{"delete INBOX/Old/Deep", "expunge INBOX/Old c"}},
		{"deleted, and new mail has come since and gone", restore.RestoreMailboxes{}, remove, func(a *account) {
			a.mailboxes[1] = box("INBOX/Old", "u2", live(1, "c"), tombstone(2, "new"))
		}, []string{"delete INBOX/Old/Deep", "expunge INBOX/Old c"}},
		{"deleted, and one below it is used", restore.RestoreMailboxes{}, remove, func(a *account) {
			a.mailboxes[2] = box("INBOX/Old/Deep", "u3", live(1, "b"), live(2, "new"))
		}, []string{"expunge INBOX/Old/Deep b", "expunge INBOX/Old c"}},
		{"deleted, and one is new below it", restore.RestoreMailboxes{}, remove, func(a *account) {
			a.mailboxes[2] = box("INBOX/Old/Fresh", "u9")
		}, []string{"expunge INBOX/Old c"}},
		{"deleted, when the one below it had been renamed", restore.RestoreMailboxes{}, func(a *account) {
			a.mailboxes, a.meta.Deleted = slices.Delete(a.mailboxes, 1, 2), []string{"u2"}
			a.mailboxes[1].Name = "INBOX/Deep"
		}, same, []string{"rename INBOX/Old/Deep INBOX/Deep", "delete INBOX/Old"}},
		{"deleted, and used here, and the one above it renamed", restore.RestoreMailboxes{}, func(a *account) {
			a.mailboxes, a.meta.Deleted = a.mailboxes[:2], []string{"u3"}
			a.mailboxes[1].Name = "INBOX/New"
		}, func(a *account) {
			a.mailboxes[2] = box("INBOX/Old/Deep", "u3", live(1, "b"), live(2, "new"))
		}, []string{"rename INBOX/Old INBOX/New", "expunge INBOX/New/Deep b"}},
		{"made", restore.RestoreMailboxes{}, add, same, []string{"create INBOX/Fresh"}},
		{"made below one that was renamed here since", restore.RestoreMailboxes{}, func(a *account) {
			a.mailboxes = append(a.mailboxes, box("INBOX/Old/Fresh", "u9", live(1, "z")), box("INBOX/Old/Fresh/Deep", "u8"))
		}, rename, []string{"create INBOX/New/Fresh", "create INBOX/New/Fresh/Deep"}},
		{"made below one that was renamed there, and otherwise here", restore.RestoreMailboxes{}, func(a *account) {
			rename(a)
			a.mailboxes = append(a.mailboxes, box("INBOX/New/Fresh", "u9", live(1, "z")))
		}, func(a *account) {
			a.mailboxes[1].Name, a.mailboxes[2].Name = "INBOX/Mine", "INBOX/Mine/Deep"
		}, []string{"create INBOX/Mine/Fresh"}},
		{"made below one that was renamed there", restore.RestoreMailboxes{}, func(a *account) {
			rename(a)
			a.mailboxes = append(a.mailboxes, box("INBOX/New/Fresh", "u9", live(1, "z")))
		}, same, []string{"rename INBOX/Old INBOX/New", "create INBOX/New/Fresh"}},
		{"made on both", restore.RestoreMailboxes{}, add, func(a *account) { a.mailboxes = append(a.mailboxes, box("INBOX/Fresh", "u8")) }, []string{}},
		{"made there, and deleted here", restore.RestoreMailboxes{}, add, func(a *account) { a.meta.Deleted = []string{"u9"} }, []string{}},
		{"gone from the list without having been deleted", restore.RestoreMailboxes{}, func(a *account) { a.mailboxes = a.mailboxes[:1] }, same, []string{}},

		{"flags set", restore.MergeFlags{}, flag, same, []string{`flag INBOX a +$Work +\Seen`}},
		{"flags set on both", restore.MergeFlags{}, flag, flag, []string{}},
		{"other flags set here", restore.MergeFlags{}, flag, func(a *account) { a.mailboxes[0].Records[0].Flags = []string{`\Answered`} }, []string{`flag INBOX a +$Work +\Seen`}},
		{"flags of a message that is gone", restore.MergeFlags{}, flag, func(a *account) { a.mailboxes[0].Records[0].Expunged = true }, []string{}},
		{"flags of a message that was moved here", restore.MergeFlags{}, flag, func(a *account) {
			a.mailboxes[0].Records[0].Expunged = true
			a.mailboxes[1].Records = append(a.mailboxes[1].Records, live(2, "a"))
		}, []string{`flag INBOX/Old a +$Work +\Seen`}},
		// b is there twice: nothing tells of which of them a third one is a copy.
		{"flags of one of two equal messages, and one was copied here", restore.MergeFlags{}, func(a *account) { flagged(a, 0, 1) }, copied, []string{
			`flag INBOX b +\Seen`, `keep INBOX/Old b +\Seen`,
		}},
		{"flags of two equal messages, and one was copied here", restore.MergeFlags{}, func(a *account) { flagged(a, 0, 1); flagged(a, 2, 0) }, copied, []string{
			`flag INBOX b +\Seen`, `flag INBOX/Old/Deep b +\Seen`, `flag INBOX/Old b +\Seen`,
		}},
		{"flags of one of two equal messages, and a copy has them", restore.MergeFlags{}, func(a *account) { flagged(a, 0, 1) }, func(a *account) {
			copied(a)
			flagged(a, 1, 1)
		}, []string{`flag INBOX b +\Seen`}},
		{"flags of one of two equal messages that is gone by now", restore.MergeFlags{}, func(a *account) { flagged(a, 0, 1) }, func(a *account) {
			copied(a)
			a.mailboxes[0].Records[1].Expunged = true
		}, []string{`keep INBOX/Old b +\Seen`}},
		// Was it the one that had been there, or the one that was brought back with its flags?
		{"flags of a message of which another one was brought back, and moved here", restore.MergeFlags{}, func(a *account) {
			flagged(a, 0, 0)
			a.mailboxes[1].Records = append(a.mailboxes[1].Records, live(2, "a"))
		}, func(a *account) {
			a.mailboxes[1] = box("INBOX/Old", "u2", live(1, "c"), tombstone(2, "a"))
			a.mailboxes[2] = box("INBOX/Old/Deep", "u3", live(1, "b"), live(2, "a"))
		}, []string{`flag INBOX a +\Seen`, `keep INBOX/Old/Deep a +\Seen`}},
		{"flags of a message of which another one has yet to be brought back, and a copy was made here", restore.MergeFlags{}, func(a *account) {
			flagged(a, 0, 0)
			a.mailboxes[1].Records = append(a.mailboxes[1].Records, live(2, "a"))
		}, func(a *account) {
			a.mailboxes[2] = box("INBOX/Old/Deep", "u3", live(1, "b"), live(2, "a"))
		}, []string{`flag INBOX a +\Seen`, `flag INBOX/Old/Deep a +\Seen`}},

		{"settings", restore.MergeSettings{}, settings, same, []string{
			"subscribe INBOX/Old", "unsubscribe INBOX", "set-quota 200", "set-acl INBOX bob", "set-acl INBOX carol l", "set-annotation INBOX /shared/comment new",
		}},
		{"settings of one that was made below one that was renamed here since", restore.MergeSettings{}, func(a *account) {
			fresh := box("INBOX/Old/Fresh", "u9", live(1, "z"))
			fresh.Annotations = map[string]string{"/shared/comment": "new"}
			a.mailboxes = append(a.mailboxes, fresh)
		}, func(a *account) {
			rename(a)
			fresh := box("INBOX/New/Fresh", "u8")
			fresh.Annotations = nil
			a.mailboxes = append(a.mailboxes, fresh)
		}, []string{"set-annotation INBOX/New/Fresh /shared/comment new"}},
		{"settings on both", restore.MergeSettings{}, settings, settings, []string{}},
		{"settings that were changed here since", restore.MergeSettings{}, settings, func(a *account) {
			a.meta.QuotaKiB, a.mailboxes[0].ACL = 300, "alice lrs, bob lrswi"
			a.mailboxes[0].Annotations = map[string]string{"/shared/comment": "mine"}
		}, []string{"subscribe INBOX/Old", "unsubscribe INBOX", "set-acl INBOX carol l"}},
		{"a subscription to what is not there any more", restore.MergeSettings{}, func(a *account) { a.meta.Subscriptions = []string{"INBOX", "INBOX/Gone"} }, same, []string{"keep INBOX/Gone"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, planned(t, tc.restorer, with(tc.old), with(tc.new))); diff != "" {
				t.Error(diff)
			}
		})
	}
}
