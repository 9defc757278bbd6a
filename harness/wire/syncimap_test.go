package wire

import (
	"testing"
	"testing/synctest"

	"github.com/cyrdrill/cyrdrill/harness/target/dlist"
	"github.com/cyrdrill/cyrdrill/harness/wire/wiretest"
)

// syncIMAPHello is an administrator's login to imapd.
var syncIMAPHello = []string{
	"S: * OK [CAPABILITY IMAP4rev1 LITERAL+ ID ENABLE AUTH=PLAIN SASL-IR] imap1 ready",
	"C: c1 AUTHENTICATE PLAIN", "S: + ", "C: AGFkbWluAHNlY3JldA==",
	"S: c1 OK [CAPABILITY IMAP4rev1 LITERAL+ X-REPLICATION] Success (no protection)",
}

// What imapd answers to SYNCGET is what sync_server answers to GET: the same lines, and
// the same refusals.
func TestSyncByIMAP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := NewSyncByIMAP(t.Context(), wiretest.Talk(t, wiretest.Lines(syncIMAPHello, []string{
			"C: c2 SYNCGET USER alice", "S: * " + mailboxLine, "S: * OK nothing to it", "S: * " + lsubLine, "S: c2 OK success",
			"C: c3 SYNCGET FULLMAILBOX user.alice", "S: * " + fullLine, "S: c3 OK success",
			"C: c4 SYNCGET FULLMAILBOX user.x", "S: c4 NO IMAP_MAILBOX_NONEXISTENT No Such Mailbox",
			"C: c5 SYNCGET META bob", "S: * BYE Fatal error: Internal error: assertion failed", "close",
		})...), testPeer, syncLogin)
		if err != nil {
			t.Fatal(err)
		}
		user, err := s.User(soon(t), "alice")
		if err != nil || len(user) != 1 || user[0].Name != "user.alice.a^b" {
			t.Errorf("USER: %+v, %v", user, err)
		}
		full, err := s.FullMailbox(soon(t), "user.alice")
		if err != nil || len(full.Records) != 2 || full.Records[1].UID != 2 {
			t.Errorf("FULLMAILBOX: %+v, %v", full, err)
		}
		_, err = s.FullMailbox(soon(t), "user.x")
		if want := "SYNCGET FULLMAILBOX: refused: NO [IMAP_MAILBOX_NONEXISTENT] No Such Mailbox"; err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
		if err := s.Apply(soon(t), dlist.Atom("UNUSER", "alice")); kindOf(err) != "refused BAD" {
			t.Errorf("APPLY: %v", err)
		}
		if _, err := s.Meta(soon(t), "bob"); kindOf(err) != "refused BYE" {
			t.Errorf("META: %v", err)
		}
		_ = s.Close()
	})
}

// The bytes of a message end where its size says, whatever line ends they hold.
func TestFetchByIMAPKeepsLineEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := NewSyncByIMAP(t.Context(), wiretest.Talk(t, wiretest.Lines(syncIMAPHello, []string{
			"C: c2 SYNCGET FETCH %(MBOXNAME user.alice PARTITION default UNIQUEID u GUID " + guidA + " UID 1)",
			"S: * MESSAGE %{default " + guidA + " 3}", "S: a", "S:", "S: c2 OK success",
		})...), testPeer, syncLogin)
		if err != nil {
			t.Fatal(err)
		}
		body, err := s.Fetch(soon(t), SyncFile{Mailbox: "user.alice", UniqueID: "u", UID: 1, GUID: guidA})
		if string(body) != "a\r\n" || err != nil {
			t.Errorf("%q, %v", body, err)
		}
		_ = s.Close()
	})
}

// A server that does not say that it takes it is not asked.
func TestSyncByIMAPWithoutReplication(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, err := NewSyncByIMAP(soon(t), wiretest.Talk(t, wiretest.Lines(syncIMAPHello[:4], []string{"S: c1 OK [CAPABILITY IMAP4rev1] Success"})...), testPeer, syncLogin)
		if got := kindOf(err); got != "refused BAD" {
			t.Errorf("%s (%v)", got, err)
		}
	})
}
