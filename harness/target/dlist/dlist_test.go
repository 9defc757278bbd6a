package dlist

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What Cyrus 3.6.1 said.
const (
	mailboxLine = "MAILBOX %(UNIQUEID ws2bsdohnhc7p9j2nlirb9xc MBOXNAME user.alice.a^b SYNC_CRC 0 SYNC_CRC_ANNOT 12345678 LAST_UID 0 HIGHESTMODSEQ 3 RECENTUID 0 RECENTTIME 0 LAST_APPENDDATE 0 POP3_LAST_LOGIN 0 POP3_SHOW_AFTER 0 XCONVMODSEQ 3 UIDVALIDITY 1795475751 PARTITION default ACL \"alice\tlrswipkxtecdan\t\" OPTIONS P QUOTAROOT user.alice CREATEDMODSEQ 3 FOLDERMODSEQ 3)"
	fullLine    = "MAILBOX %(UNIQUEID bmbmf2xisllq1at2puavhcf5 MBOXNAME user.alice SYNC_CRC 439997793 SYNC_CRC_ANNOT 2509786358 LAST_UID 4 HIGHESTMODSEQ 15 RECENTUID 3 RECENTTIME 1795475748 LAST_APPENDDATE 1795475748 POP3_LAST_LOGIN 0 POP3_SHOW_AFTER 0 XCONVMODSEQ 15 UIDVALIDITY 1795475749 PARTITION default ACL \"alice\tlrswipkxtecdan\t\" OPTIONS P QUOTAROOT user.alice CREATEDMODSEQ 1 FOLDERMODSEQ 1 RECORD (%(UID 1 MODSEQ 10 LAST_UPDATED 1795475748 FLAGS (\\Seen $Kw) INTERNALDATE 1767600000 SIZE 43 GUID fdf3be75f46b0cb2422825bac0c85a2c0872a6a3 ANNOTATIONS (%(ENTRY /vendor/cmu/cyrus-imapd/thrid USERID \"\" MODSEQ 0 VALUE 6c006794ff0207a0))) %(UID 2 MODSEQ 14 LAST_UPDATED 1795475748 FLAGS (\\Deleted \\Expunged) INTERNALDATE 1795475748 SIZE 44 GUID 92b7723d364eaa8613ecbc531768f74cb6c52473)))"
	lsubLine    = "LSUB (user.alice user.alice.Work user.alice.a^b.K&APY-ln)"
)

func text(key, value string) Value { return Value{Kind: Text, Key: key, Text: value} }

func TestParseLine(t *testing.T) {
	guid := "fdf3be75f46b0cb2422825bac0c85a2c0872a6a3"
	for _, test := range []struct {
		line string
		want Value
	}{
		{lsubLine, Value{Kind: List, Key: "LSUB", Items: []Value{
			text("", "user.alice"), text("", "user.alice.Work"), text("", "user.alice.a^b.K&APY-ln"),
		}}},
		{"A %(B NIL C \"NIL\" D \"\" E ())", Value{Kind: Map, Key: "A", Items: []Value{
			{Kind: Nil, Key: "B"}, text("C", "NIL"), text("D", ""), {Kind: List, Key: "E"},
		}}},
		{"A {7}\r\n)\r\n\x00%(\"", text("A", ")\r\n\x00%(\"")},
		{"A {3+}\r\n{9}", text("A", "{9}")},
		{`A "a \"b\" \\c"`, text("A", `a "b" \c`)},
		{`A (\Seen $Forwarded)`, Value{Kind: List, Key: "A", Items: []Value{text("", `\Seen`), text("", "$Forwarded")}}},
		{"MESSAGE (%{default " + guid + " 4}\r\n)\r\n( NIL)", Value{Kind: List, Key: "MESSAGE", Items: []Value{
			{Kind: File, Partition: "default", GUID: guid, Text: ")\r\n("}, {Kind: Nil},
		}}},
	} {
		got, err := ParseLine([]byte(test.line))
		if err != nil {
			t.Errorf("%q: %v", test.line, err)
		} else if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%q:\n%s", test.line, diff)
		}
		checkRoundTrip(t, got)
	}
}

func checkRoundTrip(t *testing.T, value Value) {
	t.Helper()
	printed := value.Line()
	again, err := ParseLine([]byte(printed))
	if err != nil {
		t.Fatalf("%q cannot be read again: %v", printed, err)
	}
	if diff := cmp.Diff(value, again); diff != "" {
		t.Fatalf("%q reads otherwise:\n%s", printed, diff)
	}
}

// Each side announces its literals in its own way, and is understood.
func TestLiteralsOfBothSides(t *testing.T) {
	value := Atom("A", "für dich")
	if got, want := value.Line(), "A {9+}\r\nfür dich"; got != want {
		t.Errorf("a client sends %q, want %q", got, want)
	}
	if got, want := value.Answer(), "A {9}\r\nfür dich"; got != want {
		t.Errorf("a server sends %q, want %q", got, want)
	}
}

func TestParseRefuses(t *testing.T) {
	for line, want := range map[string]string{
		"":                         "value expected",
		"A":                        `" " expected`,
		"A (":                      "value expected",
		"A %(B)":                   `" " expected`,
		"A b c":                    "nothing expected",
		`A "b`:                     "no end",
		"A {5}\r\nabc":             "cut off",
		"A {99999999999999}\r\nab": "over the limit",
		"A {-1}\r\n":               "size expected",
		"A %{p g 1}\r\nx":          "GUID expected",
		"A " + strings.Repeat("(", 40) + strings.Repeat(")", 40): "deeper than 32",
	} {
		if _, err := ParseLine([]byte(line)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want an error with %q", line, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, line := range []string{
		mailboxLine, fullLine, lsubLine, "A {3}\r\nabc", `A "b\\c"`, "A %(B NIL)", `"a b" (\)`,
		"M %{default fdf3be75f46b0cb2422825bac0c85a2c0872a6a3 1}\r\nx", "A {99999999}\r\n",
	} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		if value, err := ParseLine(line); err == nil {
			checkRoundTrip(t, value)
		}
		if value, err := Parse(line); err == nil {
			again, err := Parse([]byte(value.String()))
			if err != nil || !cmp.Equal(value, again) {
				t.Fatalf("%q reads otherwise: %v", value.String(), err)
			}
		}
	})
}
