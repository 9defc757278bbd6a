package view

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

const fullMore = " RECORD (%(UID 1 MODSEQ 10 LAST_UPDATED 1795475748 FLAGS () INTERNALDATE 1767600000 SIZE 43 GUID fdf3))"

// An account that is read by the list is read without GET USER, each mailbox once. What
// cannot be opened, is gone by then, or holds no mail is left out.
func TestReadListed(t *testing.T) {
	v := viewOf(t, map[Service][][]string{
		IMAP: {imapTalk(asAdmin,
			`C: c2 LIST "" ("user/alice" "user/alice/*" "DELETED/user/alice/*")`,
			`S: * LIST (\HasChildren) "/" user/alice`, `S: * LIST (\HasChildren \NonExistent) "/" user/alice/node`,
			`S: * LIST () "/" user/alice/node/Bad`, `S: * LIST () "/" user/alice/#sieve`, `S: * LIST () "/" user/alice/days`,
			`S: * LIST () "/" DELETED/user/alice/Old/6B04F132`, "S: c2 OK Completed",
			`C: c3 LIST "" ("user/bob" "user/bob/*" "DELETED/user/bob/*")`, "S: c3 OK Completed",
			`C: c4 LIST "" ("user/alice" "user/alice/*")`, `S: * LIST () "/" user/alice`, "S: c4 OK Completed",
		)},
		Sync: {syncTalk(
			"C: GET FULLMAILBOX user.alice", mailboxLine("user.alice", fullMore), "S: OK success",
			"C: GET FULLMAILBOX user.alice.days", mailboxLine("user.alice.days", " MBOXTYPE c RECORD ()"), "S: OK success",
			"C: GET FULLMAILBOX user.alice.node.Bad", "S: NO IMAP_MAILBOX_BADFORMAT Mailbox has an invalid format",
			"C: GET MAILBOXES (user.alice.node.Bad)", "S: OK success",
			"C: GET META alice", "S: * LSUB (user.alice)", "S: OK success",
			"C: GET QUOTA user.alice", "S: NO IMAP_QUOTAROOT_NONEXISTENT Quota root does not exist",
			"C: GET MAILBOXES (DELETED.user.alice.Old.6B04F132)", deletedLine("DELETED.user.alice.Old.6B04F132"), "S: OK success",
		)},
	})
	v.KeepAdmins()
	reader := v.Index().(target.ListingReader)
	listings, err := reader.Listings(soon(t), []string{"alice", "bob"})
	if err != nil {
		t.Fatal(err)
	}
	mailboxes, err := reader.MailboxesListed(soon(t), "alice", listings["alice"])
	if err != nil || len(mailboxes) != 1 || mailboxes[0].Name != "INBOX" || len(mailboxes[0].Records) != 1 {
		t.Errorf("%v, %v", mailboxes, err)
	}
	want := target.Meta{Subscriptions: []string{"INBOX"}, QuotaKiB: target.NoQuota, Deleted: []string{"gone"}}
	meta, err := reader.MetaListed(soon(t), "alice", listings["alice"])
	if diff := cmp.Diff(want, meta); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	mailboxes, err = reader.MailboxesListed(soon(t), "bob", listings["bob"])
	if err != nil || len(mailboxes) != 0 {
		t.Errorf("an account that is not there: %v, %v", mailboxes, err)
	}
	if meta, err = reader.MetaListed(soon(t), "bob", listings["bob"]); err != nil || meta.QuotaKiB != target.NoQuota {
		t.Errorf("an account that is not there: %v, %v", meta, err)
	}
	if listed, err := v.User().Listed(soon(t), "alice"); err != nil || len(listed) != 1 {
		t.Errorf("by the connection that was kept: %v, %v", listed, err)
	}
}

// A mailbox that sync_server tells of, but not of its records, is not one that cannot be
// opened.
func TestReadListedRefused(t *testing.T) {
	v := viewOf(t, map[Service][][]string{Sync: {syncTalk(
		"C: GET FULLMAILBOX user.alice", "S: NO Unknown error",
		"C: GET MAILBOXES (user.alice)", mailboxLine("user.alice", ""), "S: OK success",
	)}})
	_, err := v.Index().(target.ListingReader).MailboxesListed(soon(t), "alice", target.Listing{Own: []string{"INBOX"}})
	if !isNo(err) {
		t.Errorf("got %v", err)
	}
}

// Many accounts are listed at once; others' mailboxes are passed over. Their headers come in
// one answer.
func TestHeadersOfMany(t *testing.T) {
	accounts := []string{"alice", "al.ice"}
	for i := len(accounts); i < manyListed; i++ {
		accounts = append(accounts, fmt.Sprintf("user%02d", i))
	}
	v := viewOf(t, map[Service][][]string{
		IMAP: {imapTalk(asAdmin, `C: c2 LIST "" "user/*"`,
			`S: * LIST () "/" user/al.ice`, `S: * LIST (\HasChildren) "/" user/alice`, `S: * LIST () "/" user/alice/Bad`,
			`S: * LIST () "/" user/alice/A`, `S: * LIST (\NonExistent) "/" user/alice/node`, `S: * LIST () "/" user/bob`, "S: c2 OK Completed",
		)},
		Sync: {syncTalk(
			"C: GET MAILBOXES (user.al^ice user.alice user.alice.A user.alice.Bad)",
			mailboxLine("user.al^ice", ""), mailboxLine("user.alice", ""), mailboxLine("user.alice.A", ""), "S: OK success",
		)},
	})
	names, err := v.User().(target.ListReader).ListedOf(soon(t), accounts)
	if err != nil || len(names) != manyListed {
		t.Fatalf("%v, %v", names, err)
	}
	got, err := v.Index().(target.HeadersReader).HeadersOf(soon(t), names)
	want := map[string][]target.Mailbox{"alice": {mailbox("INBOX"), mailbox("INBOX/A")}, "al.ice": {mailbox("INBOX")}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}

func TestSessionParts(t *testing.T) {
	asUser(t, []string{
		`C: c2 EXAMINE "INBOX"`, "C: c3 UID FETCH 1:* (UID)", "S: c2 OK x", "S: * 1 FETCH (UID 4)", "S: c3 OK x",
		`C: c4 EXAMINE "INBOX/Bad"`, "S: c4 NO [NONEXISTENT] x", "C: c5 UID FETCH 1:* (UID)", "S: c5 BAD x",
		`C: c6 EXAMINE "INBOX"`, "C: c7 UID FETCH 4 (UID FLAGS INTERNALDATE RFC822.SIZE MODSEQ DIGEST.SHA1)", "S: c6 OK x",
		`S: * 1 FETCH (FLAGS () UID 4 DIGEST.SHA1 92b7 INTERNALDATE " 5-Jan-2026 08:00:00 +0000" MODSEQ (11) RFC822.SIZE 44)`, "S: c7 OK x",
	}, func(t *testing.T, s target.Session) {
		if err := target.Open(soon(t), s, "INBOX"); err != nil {
			t.Error(err)
		}
		if err := target.Open(soon(t), s, "INBOX/Bad"); err == nil {
			t.Error("a mailbox that is not there was opened")
		}
		if got, err := target.RecordsOf(soon(t), s, "INBOX", []uint32{4}); err != nil || len(got) != 1 || got[0].GUID != "92b7" {
			t.Errorf("%v, %v", got, err)
		}
	})
}
