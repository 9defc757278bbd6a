package wire

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/wire/wiretest"
)

// examine is how Cyrus opens a mailbox, with something unknown thrown in.
var examine = []string{
	"S: * 3 EXISTS", "S: * 3 RECENT", `S: * FLAGS (\Answered \Flagged \Draft \Deleted \Seen $Kw)`,
	"S: * OK [PERMANENTFLAGS ()] Ok", "S: * OK [UIDVALIDITY 1795475749] Ok", "S: * OK [URLMECH INTERNAL] Ok",
	`S: * XUNKNOWN "never (heard {4}`, "S: * XLITERAL {4}", "S: c9 X", "S: * 9 XMESSAGE (ODD",
	"S: c2 OK [READ-ONLY] Completed",
}

func TestRecords(t *testing.T) {
	withIMAP(t, wiretest.Lines([]string{
		`C: c2 EXAMINE "INBOX/K&APY-ln"`,
		"C: c3 UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE MODSEQ DIGEST.SHA1)",
	}, examine, []string{
		"S: * OK [HIGHESTMODSEQ 12] CONDSTORE enabled by MODSEQ fetch",
		`S: * 1 FETCH (FLAGS (\Recent \Seen $Kw) UID 1 DIGEST.SHA1 FDF3be75f46b0cb2422825bac0c85a2c0872a6a3 INTERNALDATE " 5-Jan-2026 09:00:00 +0100" MODSEQ (10) RFC822.SIZE 43)`,
		`S: * 2 FETCH (FLAGS (\Deleted) UID 7 MODSEQ (13))`,
		`S: * 2 FETCH (FLAGS () UID 7 DIGEST.SHA1 92b7723d364eaa8613ecbc531768f74cb6c52473 INTERNALDATE "23-Nov-2026 23:15:48 +0000" MODSEQ (18446744073709551615) RFC822.SIZE 44)`,
		"S: c3 OK Completed (0.000 sec)",
	}), func(t *testing.T, c *IMAP) {
		got, err := c.Records(soon(t), "INBOX/Köln")
		want := []Message{
			{UID: 1, Flags: []string{`\Recent`, `\Seen`, "$Kw"}, InternalDate: time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC), Size: 43, ModSeq: 10, SHA1: "fdf3be75f46b0cb2422825bac0c85a2c0872a6a3"},
			{UID: 7, InternalDate: time.Date(2026, 11, 23, 23, 15, 48, 0, time.UTC), Size: 44, ModSeq: 18446744073709551615, SHA1: "92b7723d364eaa8613ecbc531768f74cb6c52473"},
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
		if len(got) > 0 && got[0].InternalDate.Location() != time.UTC {
			t.Errorf("INTERNALDATE is in the zone of %s", got[0].InternalDate.Location())
		}
	})
}

func TestBodiesPassesWhatIsListedAndNotGivenAsNil(t *testing.T) {
	withIMAP(t, []string{
		`C: c2 EXAMINE "INBOX"`, "C: c3 UID FETCH 1:* (UID)", "C: c4 UID FETCH 1:* (UID BODY.PEEK[])",
		"S: c2 OK [READ-ONLY] Completed",
		"S: * 1 FETCH (UID 1)", "S: * 2 FETCH (UID 3)", "S: * 3 FETCH (UID 4)", "S: * 4 FETCH (UID 6)", "S: * 5 FETCH (UID 9)",
		"S: c3 OK Completed",
		"S: * 1 FETCH (UID 1 BODY[] {10}", "S: a {5}", "S: )", "S~ )\r\n",
		"S: * OK Message 2 no longer exists", "S: * 3 FETCH (FLAGS (\\Seen) UID 4)",
		"S: * 3 FETCH (UID 4 BODY[] NIL)", `S: * 4 FETCH (UID 6 BODY[] "")`,
		"S: c4 OK Completed",
	}, func(t *testing.T, c *IMAP) {
		var got []string
		err := c.Bodies(soon(t), "INBOX", nil, func(uid uint32, body []byte) error {
			text := string(body)
			if body == nil {
				text = "nil"
			}
			got = append(got, string(rune('0'+uid))+" "+text)
			return nil
		})
		want := []string{"1 a {5}\r\n)\r\n", "3 nil", "4 nil", "6 ", "9 nil"}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
	})
}

func TestHeaders(t *testing.T) {
	withIMAP(t, []string{
		`C: c2 EXAMINE "INBOX"`, "C: c3 UID FETCH 1,3 (UID BODY.PEEK[HEADER.FIELDS (X-Cyrdrill)])",
		"S: c2 OK [READ-ONLY] Completed",
		"S: * 1 FETCH (UID 1 BODY[HEADER.FIELDS (X-Cyrdrill)] {18}", "S: X-Cyrdrill: m1", "S:", "S: )",
		"S: * 2 FETCH (UID 3 BODY[HEADER.FIELDS (\"X-CYRDRILL\")] {2}", "S:", "S: )",
		"S: c3 OK Completed",
	}, func(t *testing.T, c *IMAP) {
		got := map[uint32]string{}
		err := c.Headers(soon(t), "INBOX", "X-Cyrdrill", []uint32{3, 1}, func(uid uint32, header []byte) error {
			got[uid] = string(header)
			return nil
		})
		if diff := cmp.Diff(map[uint32]string{1: "X-Cyrdrill: m1\r\n\r\n", 3: "\r\n"}, got); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
	})
}

func TestListStatus(t *testing.T) {
	withIMAP(t, []string{
		`C: c2 LIST "" ("INBOX" "INBOX/*") RETURN (STATUS (MESSAGES UIDNEXT))`,
		`S: * LIST (\HasChildren) "/" INBOX`, "S: * STATUS INBOX (MESSAGES 3 UIDNEXT 4)",
		`S: * LIST (\Noselect \HasNoChildren) NIL "INBOX/K&APY-ln"`, `S: * LIST () "/" {3}`, "S: a b",
		"S: c2 OK Completed (0.001 secs 4 calls)",
	}, func(t *testing.T, c *IMAP) {
		got, err := c.ListStatus(soon(t), []string{"MESSAGES", "UIDNEXT"}, "INBOX", "INBOX/*")
		want := []Mailbox{
			{Name: "INBOX", Attributes: []string{`\HasChildren`}, Status: map[string]uint64{"MESSAGES": 3, "UIDNEXT": 4}},
			{Name: "INBOX/Köln", Attributes: []string{`\Noselect`, `\HasNoChildren`}},
			{Name: "a b"},
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
	})
}

func TestAppend(t *testing.T) {
	messages := []target.AppendMessage{
		{Flags: []string{`\Seen`, "$Kw"}, InternalDate: time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC), Body: []byte("a\r\n")},
		{Body: []byte("b\r\n")},
	}
	withIMAP(t, []string{
		`C: c2 APPEND "INBOX" (\Seen $Kw) " 5-Jan-2026 08:00:00 +0000" {3+}`, "C: a", "C:  {3+}", "C: b", "C:",
		"S: c2 OK [APPENDUID 1795475749 1:2] Completed",
	}, func(t *testing.T, c *IMAP) {
		validity, uids, err := c.Append(soon(t), "INBOX", messages)
		if err != nil || validity != 1795475749 || !slices.Equal(uids, []uint32{1, 2}) {
			t.Errorf("got %d %v %v", validity, uids, err)
		}
	})
}

func TestAppendAsksWhereItMust(t *testing.T) {
	withIMAP(t, []string{
		`C: c2 APPEND "INBOX" {3}`, "S: * 4 EXISTS", "S: + go ahead", "C: a", "C:  {3}", "S: + go ahead", "C: b", "C:",
		"S: c2 OK [APPENDUID 7 5,4] Completed",
		`C: c3 APPEND "INBOX" {3}`, "S: c3 NO [OVERQUOTA] Over quota",
		`C: c4 LIST "" "*"`, "S: c4 OK Completed",
	}, func(t *testing.T, c *IMAP) {
		c.caps = nil
		_, uids, err := c.Append(soon(t), "INBOX", []target.AppendMessage{{Body: []byte("a\r\n")}, {Body: []byte("b\r\n")}})
		if err != nil || !slices.Equal(uids, []uint32{5, 4}) {
			t.Errorf("got %v %v", uids, err)
		}
		_, _, err = c.Append(soon(t), "INBOX", []target.AppendMessage{{Body: []byte("a\r\n")}})
		if err == nil || err.Error() != "APPEND INBOX: refused: NO [OVERQUOTA] Over quota" {
			t.Errorf("got %v", err)
		}
		if _, err = c.List(soon(t), "*"); err != nil {
			t.Errorf("after a refused literal the connection is out of step: %v", err)
		}
	})
}

func TestNothingThatWouldBreakTheLineIsSent(t *testing.T) {
	withIMAP(t, []string{`C: c2 LIST "" "a\"b\\c&AA0ACg-"`, "S: c2 OK Completed"}, func(t *testing.T, c *IMAP) {
		_, _, err := c.Append(soon(t), "INBOX", []target.AppendMessage{{Flags: []string{"a) {0+}\r\nc9 LOGOUT"}}})
		if target.OutcomeOf(err) != target.Refused {
			t.Errorf("a flag with a line end: %v", err)
		}
		err = c.Headers(soon(t), "INBOX", "A)\r\nc9 LOGOUT", nil, nil)
		if target.OutcomeOf(err) != target.Refused {
			t.Errorf("a field with a line end: %v", err)
		}
		if _, err = c.List(soon(t), "a\"b\\c\r\n"); err != nil {
			t.Error(err)
		}
	})
}

// An error of the caller's own ends the calls, and leaves the rest of the
// answers to be read over.
func TestEachMayStop(t *testing.T) {
	withIMAP(t, []string{
		`C: c2 EXAMINE "INBOX"`, "C: c3 UID FETCH 1:* (UID)", "C: c4 UID FETCH 1:* (UID BODY.PEEK[])",
		"S: c2 OK Completed", "S: * 1 FETCH (UID 1)", "S: * 2 FETCH (UID 2)", "S: c3 OK Completed",
		`S: * 1 FETCH (UID 1 BODY[] "a")`, `S: * 2 FETCH (UID 2 BODY[] "b")`, "S: c4 OK Completed",
		`C: c5 LIST "" "*"`, "S: c5 OK Completed",
	}, func(t *testing.T, c *IMAP) {
		calls := 0
		err := c.Bodies(soon(t), "INBOX", nil, func(uint32, []byte) error { calls++; return errStop })
		if err != errStop || calls != 1 {
			t.Errorf("%d calls, %v", calls, err)
		}
		if _, err := c.List(soon(t), "*"); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}

// Of several commands on their way at once, one that fails silences those after.
func TestEachStopsForTheCommandsAfter(t *testing.T) {
	withIMAP(t, []string{
		"C: c2 UID FETCH 1 (UID)", "C: c3 UID FETCH 2 (UID)",
		"S: * 1 FETCH (UID 1)", "S: c2 OK Completed", "S: * 2 FETCH (UID 2)", "S: c3 OK Completed",
	}, func(t *testing.T, c *IMAP) {
		var got []uint32
		each := func(uid uint32, _ Items, _ Value) error { got = append(got, uid); return errStop }
		_, err := c.run(soon(t), fetching("1", "UID", "UID", each), fetching("2", "UID", "UID", each))
		if err != errStop || !slices.Equal(got, []uint32{1}) {
			t.Errorf("got %v, %v", got, err)
		}
	})
}

func TestErrorsTellNoPassword(t *testing.T) {
	for _, answer := range []string{"S: c1 NO authentication failure", "S: * BYE no", "close"} {
		_, err := NewIMAP(t.Context(), wiretest.Talk(t, wiretest.Lines(imapHello[:4], []string{answer, "close"})...), testPeer, testLogin)
		if err == nil || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), testLogin.plain()) {
			t.Errorf("after %q: %v", answer, err)
		}
	}
}
