package view

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/wire/wiretest"
)

// asUser runs test in a session of alice's that meets the conversation.
func asUser(t *testing.T, conversation []string, test func(t *testing.T, s target.Session)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		v := viewOf(t, map[Service][][]string{IMAP: {imapTalk(asAlice, conversation...)}})
		s, err := v.User().Login(soon(t), "alice")
		if err != nil {
			t.Fatal(err)
		}
		test(t, s)
		if err := s.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
}

func TestSessionList(t *testing.T) {
	asUser(t, []string{
		`C: c2 LIST "" "*"`, `S: * LIST (\HasNoChildren) "/" INBOX/K&APY-ln`, `S: * LIST (\HasChildren) "/" INBOX`,
		`S: * LIST (\noselect \HasChildren) "/" INBOX/node`, `S: * LIST (\NonExistent) "/" INBOX/gone`, "S: c2 OK Completed",
	}, func(t *testing.T, s target.Session) {
		got, err := s.List(soon(t))
		if err != nil || !slices.Equal(got, []string{"INBOX", "INBOX/Köln"}) {
			t.Errorf("got %v, %v", got, err)
		}
	})
}

func TestSessionRecords(t *testing.T) {
	asUser(t, []string{
		`C: c2 EXAMINE "INBOX"`, "C: c3 UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE MODSEQ DIGEST.SHA1)", "S: c2 OK x",
		`S: * 1 FETCH (FLAGS (\Recent \Seen $Kw \Answered) UID 1 DIGEST.SHA1 fdf3 INTERNALDATE " 5-Jan-2026 08:00:00 +0000" MODSEQ (10) RFC822.SIZE 43)`,
		`S: * 2 FETCH (FLAGS (\Recent) UID 4 DIGEST.SHA1 92b7 INTERNALDATE " 5-Jan-2026 08:00:00 +0000" MODSEQ (11) RFC822.SIZE 44)`,
		"S: c3 OK x",
	}, func(t *testing.T, s target.Session) {
		date := time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)
		want := []target.Record{
			{UID: 1, GUID: "fdf3", Size: 43, InternalDate: date, Flags: []string{"$Kw", `\Answered`, `\Seen`}, ModSeq: 10},
			{UID: 4, GUID: "92b7", Size: 44, InternalDate: date, ModSeq: 11},
		}
		got, err := s.Records(soon(t), "INBOX")
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
	})
}

func TestSessionHeader(t *testing.T) {
	asUser(t, []string{
		`C: c2 EXAMINE "INBOX"`, "C: c3 UID FETCH 1:* (UID BODY.PEEK[HEADER.FIELDS (X-Marker)])", "S: c2 OK x",
		"S: * 1 FETCH (UID 1 BODY[HEADER.FIELDS (X-Marker)] {14}", "S: X-Marker: m1", "S: )",
		"S: * 2 FETCH (UID 2 BODY[HEADER.FIELDS (X-Marker)] {2}", "S:", "S: )",
		"S: * 3 FETCH (UID 3 BODY[HEADER.FIELDS (X-Marker)] {19}", "S: x-marker: a", "S:  b", "S:", "S: )", // folded
		"S: * 4 FETCH (UID 4 BODY[HEADER.FIELDS (X-Marker)] NIL)",
		"S: c3 OK x",
	}, func(t *testing.T, s target.Session) {
		got, err := s.Header(soon(t), "INBOX", "X-Marker", nil)
		if diff := cmp.Diff(map[uint32]string{1: "m1", 3: "a b"}, got); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
	})
}

func TestSessionChanges(t *testing.T) {
	asUser(t, []string{
		`C: c2 APPEND "INBOX/K&APY-ln" {3+}`, "C: a", "C:  {3+}", "C: b", "C:", "S: c2 OK [APPENDUID 17 4:5] Completed",
		`C: c3 SELECT "INBOX"`, "S: c3 OK [READ-WRITE] Completed",
		`C: c4 UID STORE 2:3,7 +FLAGS.SILENT (\Deleted)`, "S: c4 OK Completed",
		"C: c5 UID EXPUNGE 2:3,7", "S: * 2 EXPUNGE", "S: c5 OK Completed",
	}, func(t *testing.T, s target.Session) {
		validity, uids, err := s.Append(soon(t), "INBOX/Köln", target.AppendMessage{Body: []byte("a\r\n")}, target.AppendMessage{Body: []byte("b\r\n")})
		if err != nil || validity != 17 || !slices.Equal(uids, []uint32{4, 5}) {
			t.Errorf("APPEND: %d %v %v", validity, uids, err)
		}
		if _, _, err := s.Append(soon(t), "INBOX"); err != nil {
			t.Errorf("APPEND of nothing: %v", err)
		}
		if err := s.Expunge(soon(t), "INBOX", []uint32{7, 3, 2}); err != nil {
			t.Errorf("EXPUNGE: %v", err)
		}
		// In a set of UIDs, nil would be every message.
		if err := s.Expunge(soon(t), "INBOX", nil); err != nil {
			t.Errorf("EXPUNGE of nothing: %v", err)
		}
	})
}

func TestUserOutcomes(t *testing.T) {
	login := func(ctx context.Context, u target.UserView) error { _, err := u.Login(ctx, "alice"); return err }
	deliver := func(ctx context.Context, u target.UserView) error {
		return u.Deliver(ctx, "alice", []byte("Subject: x\r\n\r\n"))
	}
	for name, test := range map[string]struct {
		act           func(context.Context, target.UserView) error
		conversations map[Service][][]string
		want          string
	}{
		"login, nobody there":    {login, nil, "imap1: imap not reachable: connection refused"},
		"login, hung":            {login, map[Service][][]string{IMAP: {{"pause"}}}, "imap1: imap not reachable: greeting: context deadline exceeded"},
		"login, refused":         {login, map[Service][][]string{IMAP: {append(imapTalk(asAlice)[:4], "S: c1 NO no such user")}}, "AUTHENTICATE PLAIN: refused: NO no such user"},
		"delivery, nobody there": {deliver, nil, "imap1: lmtp not reachable: connection refused"},
		"delivery, hung":         {deliver, map[Service][][]string{LMTP: {{"pause"}}}, "imap1: lmtp not reachable: LHLO: context deadline exceeded"},
		"delivery, in doubt":     {deliver, map[Service][][]string{LMTP: {lmtpTalk(append(delivery[:len(delivery)-1:len(delivery)-1], "close"))}}, "delivery to alice: no answer to the message: EOF"},
	} {
		synctest.Test(t, func(t *testing.T) {
			err := test.act(soon(t), viewOf(t, test.conversations).User())
			if err == nil || err.Error() != test.want {
				t.Errorf("%s:\n got %v\nwant %s", name, err, test.want)
			}
			if want := map[bool]target.Outcome{true: target.InDoubt, false: target.Refused}[name == "delivery, in doubt"]; target.OutcomeOf(err) != want {
				t.Errorf("%s: %s, want %s", name, target.OutcomeOf(err), want)
			}
		})
	}
}

func lmtpTalk(deliveries ...[]string) []string {
	return wiretest.Lines(append([][]string{{"S: 220 imap1 ready", "C: LHLO localhost", "S: 250 imap1"}}, deliveries...)...)
}

var delivery = []string{
	"C: MAIL FROM:<>", "S: 250 2.1.0 ok", "C: RCPT TO:<alice>", "S: 250 2.1.5 ok", "C: DATA", "S: 354 go ahead",
	"C: Subject: x", "C:", "C: .", "S: 250 2.1.5 Success",
}

// A kept connection that has ended is no reason to refuse a message; one on
// which the message may have been taken is no reason to deliver it twice.
func TestDeliverAgain(t *testing.T) {
	upToDot := delivery[:len(delivery)-1]
	for name, test := range map[string]struct {
		connections [][]string
		want        target.Outcome
	}{
		"kept":                       {[][]string{lmtpTalk(delivery, delivery)}, target.Acknowledged},
		"kept one was closed":        {[][]string{lmtpTalk(delivery, []string{"close"}), lmtpTalk(delivery)}, target.Acknowledged},
		"kept one ends":              {[][]string{lmtpTalk(delivery, delivery[:1], []string{"S: 421 4.3.2 shutting down", "close"}), lmtpTalk(delivery)}, target.Acknowledged},
		"kept one ends in a message": {[][]string{lmtpTalk(delivery, upToDot, []string{"close"}), lmtpTalk(delivery)}, target.InDoubt},
		"421 to a message":           {[][]string{lmtpTalk(delivery, upToDot, []string{"S: 421 4.3.0 fatal", "close"}), lmtpTalk(delivery)}, target.InDoubt},
		"no to the message":          {[][]string{lmtpTalk(delivery, upToDot, []string{"S: 550 5.7.1 no"}), lmtpTalk(delivery)}, target.Refused},
		"server has gone":            {[][]string{lmtpTalk(delivery, []string{"close"})}, target.Refused},
	} {
		synctest.Test(t, func(t *testing.T) {
			user := viewOf(t, map[Service][][]string{LMTP: test.connections}).User()
			message := []byte("Subject: x\r\n\r\n")
			if err := user.Deliver(soon(t), "alice", message); err != nil {
				t.Fatalf("%s: the first: %v", name, err)
			}
			if err := user.Deliver(soon(t), "alice", message); target.OutcomeOf(err) != test.want {
				t.Errorf("%s: %s, want %s (%v)", name, target.OutcomeOf(err), test.want, err)
			}
		})
	}
}

func TestAdmin(t *testing.T) {
	hello := []string{
		"S: * OK [CAPABILITY IMAP4rev1 LITERAL+ AUTH=PLAIN SASL-IR] imap1 ready", "C: T1 AUTHENTICATE PLAIN " + asAdmin,
		"S: T1 OK [CAPABILITY IMAP4rev1 LITERAL+ ACL] Success",
	}
	v := viewOf(t, map[Service][][]string{IMAP: {
		wiretest.Lines(hello, []string{"C: T2 CREATE \"user/alice\"", "S: T2 OK [MAILBOXID (bmbm)] Completed", "C: T3 LOGOUT", "S: * BYE", "S: T3 OK", "close"}),
		wiretest.Lines(hello, []string{"C: T2 SETACL \"user/alice\" \"admin\" \"lrswipkxtecda\"", "S: T2 OK Completed", "C: T3 DELETE \"user/alice\"", "S: T3 NO Permission denied", "C: T4 LOGOUT", "close"}),
	}})
	if err := v.Admin().CreateAccounts(soon(t), "alice"); err != nil {
		t.Error(err)
	}
	err := v.Admin().DeleteAccount(soon(t), "alice")
	var refused *target.RefusedError
	if !errors.As(err, &refused) || err.Error() != "deleting account alice on imap1: DELETE user/alice: refused: NO Permission denied" {
		t.Errorf("got %v", err)
	}
}
