package traffic_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/traffic"
)

// play records operations written as "op marker mailbox to", each followed by
// what came of it: nothing (acknowledged), "!" (refused), "?" (in doubt); and
// "@imap2" from where on another server is asked.
func play(t *testing.T, script string) *traffic.Ledger {
	t.Helper()
	l, server := traffic.NewLedger(nil), "imap1"
	for line := range strings.Lines(script) {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		if name, ok := strings.CutPrefix(fields[0], "@"); ok {
			server = name
			continue
		}
		var err error
		switch fields[len(fields)-1] {
		case "!":
			err, fields = refused, fields[:len(fields)-1]
		case "?":
			err, fields = errors.New("cut"), fields[:len(fields)-1]
		}
		e := traffic.Entry{Op: traffic.Op(fields[0]), Session: "alice", Account: "alice", Server: server, SentAt: at}
		switch e.Op {
		case traffic.OpDeliver, traffic.OpAppend, traffic.OpExpunge, traffic.OpCopy, traffic.OpMove, traffic.OpFlag:
			e.Marker = fields[1]
			fields = slices.Delete(fields, 1, 2)
		}
		e.Mailbox = fields[1]
		if len(fields) > 2 {
			e.To, e.Value, e.Name = fields[2], fields[2], fields[2]
		}
		if e.Op == traffic.OpFlag {
			e.Add, e.Remove = flagsOf(fields[2:])
		}
		l.Answered(l.Sent(e), at.Add(time.Second), err)
	}
	if err := l.Check(); err != nil {
		t.Fatal(err)
	}
	return l
}

func flagsOf(words []string) (add, remove []string) {
	for _, w := range words {
		if flag, ok := strings.CutPrefix(w, "-"); ok {
			remove = append(remove, flag)
		} else {
			add = append(add, w)
		}
	}
	return add, remove
}

// promised writes down what must be there, what may be ("?"), and what must not
// be ("-").
func promised(l *traffic.Ledger) []string {
	var lines []string
	for _, m := range l.Messages() {
		if m.Stored == target.Refused {
			continue
		}
		sign := "? "
		switch {
		case m.Expunged == target.Acknowledged:
			sign = "- "
		case m.Promised():
			sign = "+ "
		}
		line := sign + m.Marker + " " + m.Mailbox
		if m.OrIn != "" {
			line += " or " + m.OrIn
		}
		var flags []string
		for flag, v := range m.Flags {
			flags = append(flags, fmt.Sprintf("%s=%v", flag, v.All()))
		}
		slices.Sort(flags)
		lines = append(lines, strings.TrimSpace(line+" "+strings.Join(flags, " ")))
	}
	return lines
}

func TestMessagesAfterChanges(t *testing.T) {
	for name, c := range map[string]struct {
		script string
		want   []string
	}{
		"a copy is a second promise": {"create A\ndeliver m INBOX\ncopy m INBOX A\nexpunge m INBOX", []string{"- m INBOX", "+ m A"}},
		"a copy in doubt":            {"create A\ndeliver m INBOX\ncopy m INBOX A ?", []string{"+ m INBOX", "? m A"}},
		"a move":                     {"create A\ndeliver m INBOX\nmove m INBOX A", []string{"- m INBOX", "+ m A"}},
		"a refused move":             {"create A\ndeliver m INBOX\nmove m INBOX A !", []string{"+ m INBOX"}},
		"a move in doubt":            {"create A\ndeliver m INBOX\nmove m INBOX A ?", []string{"+ m INBOX or A", "? m A"}},
		"flags":                      {`deliver m INBOX` + "\n" + `flag m INBOX \Seen k` + "\nflag m INBOX -k\nflag m INBOX j ?\nflag m INBOX i !", []string{`+ m INBOX \Seen=[true] i=[] j=[false true] k=[false]`}},
		"a rename":                   {"create A\ncreate A/B\nappend m A\nappend n A/B\nrename A C", []string{"+ m C", "+ n C/B"}},
		"a rename in doubt":          {"create A\nappend m A\nrename A C ?", []string{"+ m A or C"}},
		"a deleted mailbox":          {"create A\nappend m A\nappend n INBOX\ndelete A", []string{"- m A", "+ n INBOX"}},
		"deletion in doubt":          {"create A\nappend m A\ndelete A ?", []string{"? m A"}},
		"expunged, and delivered again under another name": {"deliver m INBOX\nexpunge m INBOX\ndeliver n INBOX", []string{"- m INBOX", "+ n INBOX"}},
		// The new master has not heard of what was changed last on the old one.
		"an old name on the new master":            {"create A\nappend m A\nrename A B\n@imap2\nappend n A\nmove m A INBOX", []string{"- m B", "+ n B", "+ m INBOX"}},
		"a mailbox that was deleted, used again":   {"create A\nappend m A\ndelete A\n@imap2\nappend n A", []string{"- m A", "+ n A"}},
		"copied out of a mailbox that was deleted": {"create A\nappend m A\ndelete A\n@imap2\ncopy m A INBOX", []string{"- m A", "+ m INBOX"}},
		"moved there, copied here":                 {"create A\ncreate B\nappend m INBOX\nmove m INBOX A\n@imap2\ncopy m INBOX B", []string{"- m INBOX", "+ m A", "+ m B"}},
		"expunged there, moved here":               {"create A\nappend m INBOX\nflag m INBOX k\nexpunge m INBOX\n@imap2\nmove m INBOX A", []string{"- m INBOX k=[true]", "+ m A k=[true true false]"}},
		"moved there, flagged and moved here":      {"create A\ncreate B\nappend m INBOX\nmove m INBOX A\n@imap2\nflag m INBOX k\nmove m INBOX B", []string{"- m INBOX", "+ m A", "+ m B k=[true]"}},
		"expunged there, flagged and copied here":  {"create A\nappend m INBOX\nflag m INBOX k\nexpunge m INBOX\n@imap2\nflag m INBOX j -k\ncopy m INBOX A", []string{"- m INBOX k=[true]", "+ m A j=[true] k=[false]"}},
		"copied here, and flagged only then":       {"create A\nappend m INBOX\nexpunge m INBOX\n@imap2\ncopy m INBOX A\nflag m INBOX k", []string{"- m INBOX", "+ m A"}},
		"expunged here, and copied all the same":   {"create A\nappend m INBOX\nexpunge m INBOX\ncopy m INBOX A", []string{"- m INBOX"}},
		"the same name on the same server is none": {"create A\nappend m A\nrename A B\ncreate A\nappend n A", []string{"+ m B", "+ n A"}},
	} {
		t.Run(name, func(t *testing.T) { wantPromised(t, c.script, c.want) })
	}
}

// Two copies of one message have each its own history.
func TestCopiesOfOneMessageAfterChanges(t *testing.T) {
	for name, c := range map[string]struct {
		script string
		want   []string
	}{
		"one expunged there, the other moved here, and both live on": {"create A\ncreate B\ncreate C\nappend m INBOX\ncopy m INBOX A\nexpunge m INBOX\n@imap2\nmove m A B\ncopy m INBOX C", []string{"- m INBOX", "- m A", "+ m B", "+ m C"}},
		"one expunged there, and the other has flags":                {"create A\ncreate B\nappend m INBOX\ncopy m INBOX A\nexpunge m INBOX\nflag m A k\n@imap2\ncopy m INBOX B", []string{"- m INBOX", "+ m A k=[true]", "+ m B"}},
		// It is the same one under its mailbox's new name.
		"expunged there and its mailbox renamed, copied here":              {"create A\ncreate B\nappend m A\nexpunge m A\nrename A C\n@imap2\ncopy m A B", []string{"- m C", "+ m B"}},
		"expunged there, flagged here and its mailbox renamed, and copied": {"create A\ncreate B\nappend m A\nexpunge m A\n@imap2\nflag m A k\nrename A C\ncopy m C B", []string{"- m C", "+ m B k=[true]"}},
	} {
		t.Run(name, func(t *testing.T) { wantPromised(t, c.script, c.want) })
	}
}

func wantPromised(t *testing.T, script string, want []string) {
	t.Helper()
	for i := range want {
		want[i] = strings.ReplaceAll(want[i], " i=[]", "")
	}
	got := promised(play(t, script))
	for i := range got {
		got[i] = strings.ReplaceAll(got[i], " i=[false]", "")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAccountsAfterChanges(t *testing.T) {
	l := play(t, `
		create A
		subscribe A
		subscribe B
		unsubscribe B
		unsubscribe A ?
		rename A C
		delete D !
		create E
		delete E`)
	for _, e := range []traffic.Entry{
		{Op: traffic.OpSetACL, Mailbox: "C", Name: "bob", Value: "lrs"},
		{Op: traffic.OpSetACL, Mailbox: "C", Name: "bob", Value: ""},
		{Op: traffic.OpSetAnnotation, Mailbox: "C", Name: "/shared/comment", Value: "x"},
		{Op: traffic.OpSetQuota, Value: "500"},
		{Op: traffic.OpPutScript, Name: "rules", Value: "keep;"},
		{Op: traffic.OpPutScript, Name: "rules", Value: "stop;"},
		{Op: traffic.OpActivate, Name: "rules"},
		{Op: traffic.OpPutScript, Name: "old", Value: "keep;"},
		{Op: traffic.OpDeleteScript, Name: "old"},
	} {
		e.Account, e.SentAt = "alice", at
		l.Answered(l.Sent(e), at.Add(time.Second), nil)
	}
	alice := l.Accounts()[0]
	var boxes []string
	for _, m := range alice.Mailboxes {
		boxes = append(boxes, fmt.Sprintf("%s %v", m.Name, m.Promised()))
	}
	if diff := cmp.Diff([]string{"INBOX true", "C true", "E false"}, boxes); diff != "" {
		t.Error(diff)
	}
	if a := alice.Subscriptions["A"]; !a.Allows(true) || !a.Allows(false) || a.Known() {
		t.Errorf("in doubt: %v", a.All())
	}
	if b := alice.Subscriptions["B"]; b.Allows(true) || !b.Known() {
		t.Errorf("unsubscribed: %v", b.All())
	}
	c := alice.Mailboxes[1]
	if got := c.ACL["bob"].Last(); got != "" || c.Annotations["/shared/comment"].Last() != "x" || alice.QuotaKiB.Last() != 500 {
		t.Errorf("%+v, quota %v", c, alice.QuotaKiB.All())
	}
	if source, known := alice.ActiveSource(); source != "stop;" || !known || alice.Scripts["old"].Last() != "" {
		t.Errorf("active %q, %v; %v", source, known, alice.Scripts)
	}
}

// What a user has been shown counts, not where the mail was to go.
func TestADeliveredMessageIsWhereItWasSeen(t *testing.T) {
	l := play(t, "deliver m Lists\nappend n A")
	l.ReadBack(traffic.Sighting{Marker: "m", Mailbox: "INBOX", BodySHA1: "x"})
	l.ReadBack(traffic.Sighting{Marker: "n", Mailbox: "INBOX", BodySHA1: "y"})
	if diff := cmp.Diff([]string{"+ m INBOX", "+ n A"}, promised(l)); diff != "" {
		t.Error(diff)
	}
}

// Users act on mail before it is read back: their acts say where it was.
func TestADeliveredMessageIsWhereItsUserActedOnIt(t *testing.T) {
	l := play(t, "create A\ndeliver m Lists\nflag m INBOX \\Seen\nmove m INBOX A")
	l.ReadBack(traffic.Sighting{Marker: "m", Mailbox: "A", BodySHA1: "x", At: at.Add(time.Minute)})
	if diff := cmp.Diff([]string{`- m INBOX \Seen=[true]`, `+ m A \Seen=[true]`}, promised(l)); diff != "" {
		t.Error(diff)
	}
	if m := l.Messages()[0]; m.Filed != "Lists" || m.SeenIn != "INBOX" {
		t.Errorf("to be filed into %q, seen in %q", m.Filed, m.SeenIn)
	}
	if copied := l.Messages()[1]; copied.Filed != "" || copied.SeenIn != "" {
		t.Errorf("what was moved counts as filed: %+v", copied)
	}
}

// A subscription stays with the name under which it was asked for.
func TestASubscriptionDoesNotFollowARename(t *testing.T) {
	alice := play(t, "create A\nrename A B\n@imap2\nsubscribe A").Accounts()[0]
	if _, moved := alice.Subscriptions["B"]; moved || !alice.Subscriptions["A"].Allows(true) {
		t.Errorf("%+v", alice.Subscriptions)
	}
}

// The MTA tries again what it has no answer to: one message, one promise.
func TestADeliveryTriedAgain(t *testing.T) {
	l := traffic.NewLedger(nil)
	e := entry(traffic.OpDeliver, "m")
	l.Answered(l.Sent(e), at.Add(time.Second), errCut)
	e.Again = true
	l.Answered(l.Sent(e), at.Add(time.Second), nil)
	messages := l.Messages()
	if len(messages) != 1 || messages[0].Stored != target.Acknowledged || messages[0].Tries != 2 || !messages[0].DoubtfulTry {
		t.Errorf("%+v", messages)
	}
	other := entry(traffic.OpDeliver, "n")
	l.Answered(l.Sent(other), at.Add(time.Second), nil)
	other.Again = true
	l.Answered(l.Sent(other), at.Add(time.Second), errCut)
	if n := l.Messages()[1]; n.DoubtfulTry || n.Tries != 2 || n.Stored != target.Acknowledged {
		t.Errorf("acknowledged at once, and tried again: %+v", n)
	}
	if err := l.Check(); err != nil {
		t.Error(err)
	}
}

func TestFileInto(t *testing.T) {
	filer := traffic.NewFiler()
	script := traffic.Script(3, map[string]string{"lists": "INBOX/Köln", "bills": "INBOX/Bills"}, traffic.Topics())
	for header, want := range map[string]string{
		"X-Cyrdrill-Topic: lists\r\n":  "INBOX/Köln",
		"X-Cyrdrill-Topic: bills\r\n":  "INBOX/Bills",
		"X-Cyrdrill-Topic: family\r\n": "INBOX",
		"Subject: lists\r\n":           "INBOX",
	} {
		if got, err := filer.FileInto(t.Context(), script, []byte(header+"\r\n")); got != want || err != nil {
			t.Errorf("%q goes to %q, %v; want %q", header, got, err, want)
		}
	}
	if got, err := filer.FileInto(t.Context(), "", []byte("\r\n")); got != "INBOX" || err != nil {
		t.Errorf("without a script: %q, %v", got, err)
	}
	if _, err := filer.FileInto(t.Context(), "nonsense {", []byte("\r\n")); err == nil {
		t.Error("nonsense was taken for a script")
	}
}

// Whoever only takes mail out of a mailbox does not bring it back to life; whoever
// puts mail into it does.
func TestAMailboxThatWasDeletedLivesAgainWhenItIsFilled(t *testing.T) {
	for script, lives := range map[string]bool{
		"create A\nappend m A\ndelete A\n@imap2\ncopy m A INBOX":                       false,
		"create A\nappend m A\ndelete A\n@imap2\nmove m A INBOX":                       false,
		"create A\nappend m A\nappend n INBOX\ndelete A\n@imap2\ncopy n INBOX A":       true,
		"create A\nappend m A\ndelete A\n@imap2\nappend n A":                           true,
		"create A\nappend m A\ndelete A\n@imap2\nexpunge m A\nflag m A k\nexpunge m A": false,
	} {
		alice := play(t, script).Accounts()[0]
		last := alice.Mailboxes[len(alice.Mailboxes)-1]
		if got := last.Name == "A" && last.Deleted != target.Acknowledged; got != lives {
			t.Errorf("%q: lives: %v, want %v (%+v)", script, got, lives, last)
		}
	}
}

// The new master has heard neither of other names nor of deletions.
func TestAMailboxThatWasDeletedLivesAgainUnderTheNameThatItHasHere(t *testing.T) {
	for name, c := range map[string]struct {
		script          string
		want, mailboxes []string
	}{
		"renamed before": {
			"create A\ncreate C\nappend m A\nrename A B\ndelete B\n@imap2\nappend n A\ncopy m A C",
			[]string{"- m B", "+ n A", "+ m C"}, []string{"INBOX", "C", "A"},
		},
		"the one above it renamed before": {
			"create P\ncreate P/A\nappend m P/A\nrename P Q\ndelete Q/A\n@imap2\nappend n P/A\ncopy m P/A INBOX\nexpunge n P/A",
			[]string{"- m Q/A", "- n Q/A", "+ m INBOX"}, []string{"INBOX", "Q", "Q/A"},
		},
		"the one above it renamed afterwards": {
			"create P\ncreate P/A\nappend m P/A\ndelete P/A\nrename P Q\n@imap2\nappend n P/A\ncopy m P/A INBOX\nexpunge n P/A",
			[]string{"- m P/A", "- n Q/A", "+ m INBOX"}, []string{"INBOX", "Q", "Q/A"},
		},
		"the one above it deleted as well": {
			"create P\ncreate P/A\ndelete P/A\ndelete P\n@imap2\nappend n P/A",
			[]string{"+ n P/A"}, []string{"INBOX", "P", "P/A"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			wantPromised(t, c.script, c.want)
			var mailboxes []string
			for _, m := range play(t, c.script).Accounts()[0].Mailboxes {
				if m.Promised() {
					mailboxes = append(mailboxes, m.Name)
				}
			}
			if diff := cmp.Diff(c.mailboxes, mailboxes); diff != "" {
				t.Error(diff)
			}
		})
	}
}
