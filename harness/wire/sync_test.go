package wire

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/target/dlist"
	"github.com/cyrdrill/cyrdrill/harness/wire/wiretest"
)

// What Cyrus 3.6.1 said.
const (
	mailboxLine = "MAILBOX %(UNIQUEID ws2bsdohnhc7p9j2nlirb9xc MBOXNAME user.alice.a^b SYNC_CRC 0 SYNC_CRC_ANNOT 12345678 LAST_UID 0 HIGHESTMODSEQ 3 RECENTUID 0 RECENTTIME 0 LAST_APPENDDATE 0 POP3_LAST_LOGIN 0 POP3_SHOW_AFTER 0 XCONVMODSEQ 3 UIDVALIDITY 1795475751 PARTITION default ACL \"alice\tlrswipkxtecdan\t\" OPTIONS P QUOTAROOT user.alice CREATEDMODSEQ 3 FOLDERMODSEQ 3)"
	fullLine    = "MAILBOX %(UNIQUEID bmbmf2xisllq1at2puavhcf5 MBOXNAME user.alice SYNC_CRC 439997793 SYNC_CRC_ANNOT 2509786358 LAST_UID 4 HIGHESTMODSEQ 15 RECENTUID 3 RECENTTIME 1795475748 LAST_APPENDDATE 1795475748 POP3_LAST_LOGIN 0 POP3_SHOW_AFTER 0 XCONVMODSEQ 15 UIDVALIDITY 1795475749 PARTITION default ACL \"alice\tlrswipkxtecdan\t\" OPTIONS P QUOTAROOT user.alice CREATEDMODSEQ 1 FOLDERMODSEQ 1 RECORD (%(UID 1 MODSEQ 10 LAST_UPDATED 1795475748 FLAGS (\\Seen $Kw) INTERNALDATE 1767600000 SIZE 43 GUID fdf3be75f46b0cb2422825bac0c85a2c0872a6a3 ANNOTATIONS (%(ENTRY /vendor/cmu/cyrus-imapd/thrid USERID \"\" MODSEQ 0 VALUE 6c006794ff0207a0))) %(UID 2 MODSEQ 14 LAST_UPDATED 1795475748 FLAGS (\\Deleted \\Expunged) INTERNALDATE 1795475748 SIZE 44 GUID 92b7723d364eaa8613ecbc531768f74cb6c52473)))"
	lsubLine    = "LSUB (user.alice user.alice.Work user.alice.a^b.K&APY-ln)"
)

var syncHello = []string{
	"S: * SASL PLAIN", "S: * COMPRESS DEFLATE", "S: * SIEVE-MAILBOX",
	"S: * OK imap1 Cyrus sync server 3.6.1-Debian-3.6.1-4+deb12u5",
	"C: AUTHENTICATE PLAIN AGFkbWluAHNlY3JldA==", "S: OK Success (no protection)",
}

var syncLogin = Login{Admin: "admin", Password: "secret"}

// withSync runs test on a connection that has logged in and meets the rest of
// the conversation, in virtual time.
func withSync(t *testing.T, conversation []string, test func(t *testing.T, s *Sync)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s, err := NewSync(t.Context(), wiretest.Talk(t, wiretest.Lines(syncHello, conversation)...), testPeer, syncLogin)
		if err != nil {
			t.Fatal(err)
		}
		test(t, s)
		_ = s.Close()
	})
}

func TestSyncValues(t *testing.T) {
	inbox := SyncMailbox{
		UniqueID: "bmbmf2xisllq1at2puavhcf5", Name: "user.alice", SyncCRC: "439997793", LastUID: 4, HighestModSeq: 15,
		UIDValidity: 1795475749, ACL: "alice\tlrswipkxtecdan\t", QuotaRoot: "user.alice", Partition: "default",
		LastAppended: time.Unix(1795475748, 0).UTC(), CreatedModSeq: 1, FolderModSeq: 1,
		Records: []SyncRecord{
			{UID: 1, ModSeq: 10, LastUpdated: time.Unix(1795475748, 0).UTC(), Flags: []string{`\Seen`, "$Kw"}, InternalDate: time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC), Size: 43, GUID: "fdf3be75f46b0cb2422825bac0c85a2c0872a6a3", Annotations: []SyncAnnotation{{Entry: "/vendor/cmu/cyrus-imapd/thrid", Value: "6c006794ff0207a0"}}},
			{UID: 2, ModSeq: 14, LastUpdated: time.Unix(1795475748, 0).UTC(), Flags: []string{`\Deleted`, `\Expunged`}, InternalDate: time.Unix(1795475748, 0).UTC(), Size: 44, GUID: "92b7723d364eaa8613ecbc531768f74cb6c52473"},
		},
	}
	folder := SyncMailbox{
		UniqueID: "ws2bsdohnhc7p9j2nlirb9xc", Name: "user.alice.a^b", SyncCRC: "0", HighestModSeq: 3,
		UIDValidity: 1795475751, ACL: "alice\tlrswipkxtecdan\t", QuotaRoot: "user.alice", Partition: "default", CreatedModSeq: 3, FolderModSeq: 3,
	}
	withSync(t, []string{
		"C: GET USER alice", "S: * " + mailboxLine, "S: * QUOTA %(ROOT user.alice LIMIT 100000 STORAGE 100000 MODSEQ 15)",
		"S: * " + lsubLine, "S: * UNHEARD (OF)", "S: OK success",
		"C: GET MAILBOXES (user.alice.a^b {3+}", "C: a%b)", "S: * " + mailboxLine, "S: OK success",
		"C: GET FULLMAILBOX user.alice", "S: * " + fullLine, "S: OK success",
		"C: GET META alice", "S: * " + lsubLine,
		"S: * SIEVE %(FILENAME rules.script LAST_UPDATE 1795475748 GUID abc ISACTIVE 1)",
		`S: * SIEVE %(FILENAME "old rules.script" LAST_UPDATE 1795475748 GUID def ISACTIVE 0)`, "S: OK success",
		"C: GET USER nobody", "S: OK success",
		"C: EXIT",
	}, func(t *testing.T, s *Sync) {
		check := func(what string, got, want any, err error) {
			t.Helper()
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("%s: %v\n%s", what, err, diff)
			}
		}
		user, err := s.User(soon(t), "alice")
		check("USER", user, []SyncMailbox{folder}, err)
		some, err := s.Mailboxes(soon(t), []string{"user.alice.a^b", "a%b"})
		check("MAILBOXES", some, []SyncMailbox{folder}, err)
		full, err := s.FullMailbox(soon(t), "user.alice")
		check("FULLMAILBOX", full, inbox, err)
		meta, err := s.Meta(soon(t), "alice")
		check("META", meta, SyncMeta{
			Subscriptions: []string{"user.alice", "user.alice.Work", "user.alice.a^b.K&APY-ln"},
			Scripts:       []SyncScript{{Filename: "rules.script", GUID: "abc", Active: true}, {Filename: "old rules.script", GUID: "def"}},
		}, err)
		nobody, err := s.User(soon(t), "nobody")
		check("USER of nobody", nobody, []SyncMailbox(nil), err)
	})
}

// Cyrus prints dates without a sign.
func TestSyncDateBefore1970(t *testing.T) {
	value, err := dlist.Parse([]byte("%(UID 1 MODSEQ 1 FLAGS () INTERNALDATE 18446744073709551615 SIZE 1 GUID a)"))
	if err != nil {
		t.Fatal(err)
	}
	record, err := syncRecord(value)
	if want := time.Date(1969, 12, 31, 23, 59, 59, 0, time.UTC); err != nil || !record.InternalDate.Equal(want) {
		t.Errorf("got %v, %v, want %v", record.InternalDate, err, want)
	}
}

func TestSyncOutcomes(t *testing.T) {
	asked := "C: GET FULLMAILBOX user.x"
	for name, test := range map[string]struct {
		answer []string
		want   string
	}{
		"no":           {[]string{"S: NO IMAP_MAILBOX_NONEXISTENT No Such Mailbox"}, "GET FULLMAILBOX: refused: NO [IMAP_MAILBOX_NONEXISTENT] No Such Mailbox"},
		"no code":      {[]string{"S: NO Unknown error"}, "GET FULLMAILBOX: refused: NO Unknown error"},
		"late no":      {[]string{"S: * " + mailboxLine, "S: NO Unknown error"}, "GET FULLMAILBOX: refused: NO Unknown error"},
		"bye":          {[]string{"S: BYE shutting down", "close"}, "GET FULLMAILBOX: refused: BYE shutting down"},
		"crash":        {[]string{"S: * Fatal error: Internal error: assertion failed", "close"}, "GET FULLMAILBOX: refused: BYE Fatal error: Internal error: assertion failed"},
		"lost":         {[]string{"close"}, "GET FULLMAILBOX: reading the answer: EOF"},
		"cut":          {[]string{"S~ * MAILBOX %(UNIQUEID", "close"}, "GET FULLMAILBOX: reading the answer: unexpected EOF"},
		"silent":       {nil, "GET FULLMAILBOX: reading the answer: context deadline exceeded"},
		"mid-literal":  {[]string{"S~ * MAILBOX %(A {100}\r\nhalf", "pause"}, "GET FULLMAILBOX: reading the answer: context deadline exceeded"},
		"nothing":      {[]string{"S: OK success"}, "GET FULLMAILBOX: 0 mailboxes in the answer"},
		"not a number": {[]string{"S: * MAILBOX %(MBOXNAME user.x LAST_UID -1 HIGHESTMODSEQ 1 UIDVALIDITY 1)", "S: OK success"}, `GET FULLMAILBOX: LAST_UID of MAILBOX is no number: "-1"`},
		"no number":    {[]string{"S: * MAILBOX %(MBOXNAME user.x LAST_UID 1 UIDVALIDITY 1)", "S: OK success"}, "GET FULLMAILBOX: MAILBOX has no number HIGHESTMODSEQ"},
		"no record":    {[]string{"S: * MAILBOX %(MBOXNAME user.x LAST_UID 1 HIGHESTMODSEQ 1 UIDVALIDITY 1 RECORD (%(UID 1)))", "S: OK success"}, "GET FULLMAILBOX: record of user.x: RECORD has no number MODSEQ"},
		"garbage":      {[]string{"S: hello"}, `GET FULLMAILBOX: answer not understood: "hello"`},
		"no dlist":     {[]string{"S: * MAILBOX %(", "S: OK success"}, "GET FULLMAILBOX: answer not understood: value expected"},
	} {
		withSync(t, wiretest.Lines([]string{asked}, test.answer), func(t *testing.T, s *Sync) {
			_, err := s.FullMailbox(soon(t), "user.x")
			if err == nil || err.Error() != test.want {
				t.Errorf("%s:\n got %v\nwant %s", name, err, test.want)
			}
		})
	}
}

// Records come before it is known whether all will: that they were all is said in the end.
func TestSyncEachRecord(t *testing.T) {
	asked := "C: GET FULLMAILBOX user.x"
	const begun = "* MAILBOX %(MBOXNAME user.x LAST_UID 2 HIGHESTMODSEQ 1 UIDVALIDITY 1 RECORD (%(UID 1 MODSEQ 1 INTERNALDATE 1 SIZE 1 GUID a)"
	for name, test := range map[string]struct {
		answer []string
		want   string // empty: no error
	}{
		"whole":                    {[]string{"S: " + begun + "))", "S: OK success"}, ""},
		"cut between records":      {[]string{"S~ " + begun, "close"}, "GET FULLMAILBOX: reading the answer: unexpected EOF"},
		"cut within a record":      {[]string{"S~ " + begun + " %(UID 2", "close"}, "GET FULLMAILBOX: reading the answer: unexpected EOF"},
		"cut before the line ends": {[]string{"S~ " + begun + "))", "close"}, "GET FULLMAILBOX: reading the answer: unexpected EOF"},
		"cut before it is over":    {[]string{"S: " + begun + "))", "close"}, "GET FULLMAILBOX: reading the answer: EOF"},
		"silent":                   {[]string{"S~ " + begun}, "GET FULLMAILBOX: reading the answer: context deadline exceeded"},
		"a late no":                {[]string{"S: " + begun + "))", "S: NO Unknown error"}, "GET FULLMAILBOX: refused: NO Unknown error"},
		"last words":               {[]string{"S: " + begun + "))", "S: * Fatal error: no", "close"}, "GET FULLMAILBOX: refused: BYE Fatal error: no"},
		"twice":                    {[]string{"S: " + begun + "))", "S: * " + mailboxLine, "S: OK success"}, "GET FULLMAILBOX: 2 mailboxes in the answer"},
		"followed by nonsense":     {[]string{"S: " + begun + ") b)", "S: OK success"}, "GET FULLMAILBOX: answer not understood: value expected"},
	} {
		withSync(t, wiretest.Lines([]string{asked}, test.answer), func(t *testing.T, s *Sync) {
			var uids []uint32
			_, err := s.FullMailboxEach(soon(t), "user.x", func(r SyncRecord) error {
				uids = append(uids, r.UID)
				return nil
			})
			if test.want == "" && err != nil || test.want != "" && (err == nil || err.Error() != test.want) {
				t.Errorf("%s:\n got %v\nwant %s", name, err, test.want)
			}
			if diff := cmp.Diff([]uint32{1}, uids); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		})
	}
	enough := errors.New("enough")
	withSync(t, []string{asked, "S~ " + begun}, func(t *testing.T, s *Sync) {
		_, err := s.FullMailboxEach(soon(t), "user.x", func(SyncRecord) error { return enough })
		if !errors.Is(err, enough) {
			t.Errorf("who has enough: %v", err)
		}
	})
}

func TestSyncLoginOutcomes(t *testing.T) {
	for name, test := range map[string]struct {
		conversation []string
		want         string
	}{
		"greeting silent": {nil, "unreachable"},
		"greeting lost":   {[]string{"S: * SASL PLAIN", "close"}, "unreachable"},
		"greeting bye":    {[]string{"S: * BYE busy", "close"}, "refused BYE"},
		"auth silent":     {syncHello[:5], "unreachable"},
		"auth lost":       {wiretest.Lines(syncHello[:5], []string{"close"}), "unreachable"},
		"auth no":         {wiretest.Lines(syncHello[:5], []string{"S: NO authentication failure"}), "refused NO"},
		"auth unheard":    {wiretest.Lines(syncHello[:4], []string{"pause"}), "unreachable"},
	} {
		synctest.Test(t, func(t *testing.T) {
			_, err := NewSync(soon(t), wiretest.Talk(t, test.conversation...), testPeer, syncLogin)
			if got := kindOf(err); got != test.want {
				t.Errorf("%s: %s, want %s (%v)", name, got, test.want, err)
			}
			if test.want == "unreachable" && name != "greeting lost" && name != "auth lost" && !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: the context's end is not in %v", name, err)
			}
		})
	}
}

func TestAdminOutcomes(t *testing.T) {
	hello := []string{
		"S: * OK [CAPABILITY IMAP4rev1 LITERAL+ AUTH=PLAIN SASL-IR] imap1 ready", "C: T1 AUTHENTICATE PLAIN AGFkbWluAHNlY3JldA==",
		"S: T1 OK [CAPABILITY IMAP4rev1 LITERAL+ ACL] Success",
	}
	create := "C: T2 CREATE \"user/K&APY-ln\""
	for name, test := range map[string]struct {
		conversation []string
		want         string
	}{
		"greeting silent": {nil, "unreachable"},
		"greeting lost":   {[]string{"close"}, "unreachable"},
		"auth silent":     {hello[:2], "unreachable"},
		"auth no":         {wiretest.Lines(hello[:2], []string{"S: T1 NO no"}), "refused NO"},
		"ok":              {wiretest.Lines(hello, []string{create, "S: T2 OK [MAILBOXID (bmbm)] Completed"}), "ok"},
		"no":              {wiretest.Lines(hello, []string{create, "S: T2 NO Mailbox already exists"}), "refused NO"},
		"bad":             {wiretest.Lines(hello, []string{create, "S: T2 BAD what"}), "refused BAD"},
		"bye":             {wiretest.Lines(hello, []string{create, "S: * BYE Fatal error", "close"}), "in doubt"},
		"lost":            {wiretest.Lines(hello, []string{create, "close"}), "in doubt"},
		"silent":          {wiretest.Lines(hello, []string{create}), "in doubt"},
		"lost before":     {wiretest.Lines(hello, []string{"close"}), "unreachable"},
	} {
		synctest.Test(t, func(t *testing.T) {
			admin, err := NewAdmin(soon(t), wiretest.Talk(t, test.conversation...), testPeer, syncLogin)
			if err == nil {
				synctest.Wait()
				err = admin.Create(soon(t), "user/Köln")
				_ = admin.Close()
			}
			if got := kindOf(err); got != test.want {
				t.Errorf("%s: %s, want %s (%v)", name, got, test.want, err)
			}
		})
	}
}
