package wire

import (
	"bufio"
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/target/mailboxname"
)

func TestReadResponse(t *testing.T) {
	for line, want := range map[string]Response{
		"* OK [HIGHESTMODSEQ 12] CONDSTORE enabled by MODSEQ fetch": {Tag: "*", Status: "OK", Code: "HIGHESTMODSEQ 12", Text: "CONDSTORE enabled by MODSEQ fetch"},
		"c4 OK [APPENDUID 1795475749 1:2] Completed":                {Tag: "c4", Status: "OK", Code: "APPENDUID 1795475749 1:2", Text: "Completed"},
		"c5 NO Mailbox does not exist":                              {Tag: "c5", Status: "NO", Text: "Mailbox does not exist"},
		"* BYE Fatal error: brace at the end {5}":                   {Tag: "*", Status: "BYE", Text: "Fatal error: brace at the end {5}"},
		"* OK":                              {Tag: "*", Status: "OK"},
		"* OK [not a code":                  {Tag: "*", Status: "OK", Text: "[not a code"},
		"+ go ahead {3}":                    {Tag: "+", Text: "go ahead {3}"},
		"+":                                 {Tag: "+"},
		"* 3 exists":                        {Tag: "*", Number: 3, Name: "EXISTS", line: []byte("3 exists")},
		"* XCONV (\"unbalanced and unknown": {Tag: "*", Name: "XCONV", line: []byte("XCONV (\"unbalanced and unknown"), rest: []byte("(\"unbalanced and unknown")},
	} {
		got, err := ReadResponse(bufio.NewReader(strings.NewReader(line + "\r\nc9 OK\r\n")))
		if err != nil {
			t.Errorf("%q: %v", line, err)
			continue
		}
		if len(want.rest) == 0 {
			got.rest = nil
		}
		if diff := cmp.Diff(&want, got, cmp.AllowUnexported(Response{})); diff != "" {
			t.Errorf("%q:\n%s", line, diff)
		}
	}
}

func TestFetched(t *testing.T) {
	atom := func(text string) Value { return Value{Text: []byte(text)} }
	for line, want := range map[string]map[string]Value{
		`* 1 FETCH (FLAGS (\Recent \Seen $Kw) UID 1 DIGEST.SHA1 fdf3 INTERNALDATE " 5-Jan-2026 08:00:00 +0000" MODSEQ (10))`: {
			"FLAGS": {List: []Value{atom(`\Recent`), atom(`\Seen`), atom("$Kw")}}, "UID": atom("1"), "DIGEST.SHA1": atom("fdf3"),
			"INTERNALDATE": atom(" 5-Jan-2026 08:00:00 +0000"), "MODSEQ": {List: []Value{atom("10")}},
		},
		"* 2 FETCH (UID 2 BODY[HEADER.FIELDS (X-A \"b c\")] {6}\r\nX: 1\r\n BODY[] {0}\r\n BODY[TEXT]<0> \"\" BODY[1] NIL FLAGS ())": {
			"UID": atom("2"), `BODY[HEADER.FIELDS (X-A "B C")]`: atom("X: 1\r\n"), "BODY[]": atom(""), "BODY[TEXT]<0>": atom(""),
			"BODY[1]": {}, "FLAGS": {List: []Value{}},
		},
	} {
		response, err := ReadResponse(bufio.NewReader(strings.NewReader(line + "\r\n")))
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		got, err := response.Fetched()
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		byName := map[string]Value{}
		for i := 0; i < len(got); i += 2 {
			byName[strings.ToUpper(string(got[i].Text))] = got[i+1]
		}
		if diff := cmp.Diff(want, byName); diff != "" {
			t.Errorf("%q:\n%s", line, diff)
		}
		for name, value := range want {
			if found, ok := got.Named(strings.ToLower(name)); !ok || !cmp.Equal(found, value) {
				t.Errorf("%q: %s is %v, %v", line, name, found, ok)
			}
		}
	}
}

func FuzzReadResponse(f *testing.F) {
	for _, line := range []string{
		"* 1 FETCH (UID 1 BODY[HEADER.FIELDS (X-Cyrdrill)] {18}\r\nX-Cyrdrill: m1\r\n\r\n)\r\n",
		"* OK [UIDNEXT 4] Ok\r\n", "* LIST (\\HasChildren) \"/\" INBOX\r\n", "+ \r\n", "c1 NO x\r\n",
		"* STATUS INBOX (MESSAGES 0)\r\n", "* 1 FETCH (BODY[", "* X ((((((((((\r\n", "* 1 FETCH (A {99999999}\r\n",
	} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		in := bufio.NewReader(bytes.NewReader(stream))
		for {
			response, err := ReadResponse(in)
			if err != nil {
				return
			}
			if response.Tag == "" {
				t.Fatal("an answer without a tag")
			}
			_, _ = response.Values()
			_, _ = response.Fetched()
			_, _ = readListed(response)
		}
	})
}

func TestMailboxNames(t *testing.T) {
	for name, encoded := range map[string]string{
		"INBOX/Köln":  "INBOX/K&APY-ln",
		"a & b":       "a &- b",
		"日本語/x":       "&ZeVnLIqe-/x",
		"smile 😀!":    "smile &2D3eAA-!",
		"tab\tand~":   "tab&AAk-and~",
		"&ö":          "&-&APY-",
		"":            "",
		"ends with ö": "ends with &APY-",
	} {
		if got := mailboxname.EncodeUTF7(name); got != encoded {
			t.Errorf("%q encoded: %q, want %q", name, got, encoded)
		}
		if got, err := mailboxname.DecodeUTF7(encoded); err != nil || got != name {
			t.Errorf("%q decoded: %q, %v, want %q", encoded, got, err, name)
		}
	}
	for _, bad := range []string{"&", "&APY", "a&!-", "&AP-", "&AAAA-"} {
		if got, err := mailboxname.DecodeUTF7(bad); err == nil {
			t.Errorf("%q decoded: %q", bad, got)
		}
	}
}

func FuzzMailboxName(f *testing.F) {
	f.Add("INBOX/Köln & 日本語 😀")
	f.Fuzz(func(t *testing.T, name string) {
		name = strings.ToValidUTF8(name, "?")
		if got, err := mailboxname.DecodeUTF7(mailboxname.EncodeUTF7(name)); err != nil || got != name {
			t.Errorf("%q came back as %q, %v", name, got, err)
		}
	})
}

func TestUIDSets(t *testing.T) {
	if got := UIDSets(nil); !cmp.Equal(got, []string{"1:*"}) {
		t.Errorf("all: %q", got)
	}
	if got := UIDSets([]uint32{}); len(got) != 0 {
		t.Errorf("none: %q", got)
	}
	if got := UIDSets([]uint32{9, 2, 1, 3, 3, 7}); !cmp.Equal(got, []string{"1:3,7,9"}) {
		t.Errorf("some: %q", got)
	}
	var odd []uint32
	for uid := uint32(1); uid < 20_000; uid += 2 {
		odd = append(odd, uid)
	}
	sets := UIDSets(odd)
	var back []uint32
	for _, set := range sets {
		uids, err := parseUIDSet(set, strings.Count(set, ",")+1)
		if err != nil || len(set) > 100_000 {
			t.Fatalf("a set of %d bytes: %v", len(set), err)
		}
		back = append(back, uids...)
	}
	if len(sets) != 3 || !cmp.Equal(back, odd) {
		t.Errorf("%d sets do not hold the 10,000 UIDs", len(sets))
	}
}

func TestParseUIDSet(t *testing.T) {
	if got, err := parseUIDSet("7,3:5,9", 5); err != nil || !cmp.Equal(got, []uint32{7, 3, 4, 5, 9}) {
		t.Errorf("got %v, %v", got, err)
	}
	for _, bad := range []string{"", "1:4294967295", "1:4", "1:6", "x", "0:4", "5,6,7,8,9,10"} {
		if got, err := parseUIDSet(bad, 5); err == nil {
			t.Errorf("%q taken for five UIDs: %v", bad, got)
		}
	}
}
