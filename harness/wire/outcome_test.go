package wire

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/wire/wiretest"
)

var errStop = errors.New("enough")

// kindOf names what an operation's error says.
func kindOf(err error) string {
	var refused *target.RefusedError
	var unreachable *target.UnreachableError
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &refused):
		return "refused " + refused.Status
	case errors.As(err, &unreachable):
		return "unreachable"
	default:
		return "in doubt"
	}
}

// ending is how a conversation may end where an answer is due.
var endings = map[string][]string{
	"no":     {"S: %s NO no"},
	"bad":    {"S: %s BAD bad"},
	"bye":    {"S: * BYE Fatal error: assertion failed", "close"},
	"lost":   {"close"},
	"silent": {},
	"cut":    {"S~ * 1 FETCH (UID 1 BODY[] {100}\r\nhalf", "close"},
	"hang":   {"S~ * 1 FETCH (UID 1 BODY[] {100}\r\nhalf"},
	"noise":  {"S: c99 OK another's answer"},
	"big":    {"S: * 1 FETCH (UID 1 BODY[] {99999999}"},
}

func ending(name, tag string) []string {
	var conversation []string
	for _, line := range endings[name] {
		if line == "S: %s NO no" || line == "S: %s BAD bad" {
			line = fmt.Sprintf(line, tag)
		}
		conversation = append(conversation, line)
	}
	return conversation
}

// The answers to a read and to a change: what the client then knows.
var (
	afterRead   = map[string]string{"no": "refused NO", "bad": "refused BAD", "bye": "refused BYE", "lost": "in doubt", "silent": "in doubt", "cut": "in doubt", "hang": "in doubt", "noise": "in doubt", "big": "in doubt"}
	afterChange = map[string]string{"no": "refused NO", "bad": "refused BAD", "bye": "in doubt", "lost": "in doubt", "silent": "in doubt", "cut": "in doubt", "hang": "in doubt", "noise": "in doubt", "big": "in doubt"}
	// Before a change, but after something was sent that changes nothing.
	beforeChange = map[string]string{"no": "refused NO", "bad": "refused BAD", "bye": "refused BYE", "lost": "unreachable", "silent": "unreachable", "cut": "unreachable", "hang": "unreachable", "noise": "unreachable", "big": "unreachable"}
)

func TestIMAPOutcomes(t *testing.T) {
	list := func(ctx context.Context, c *IMAP) error { _, err := c.List(ctx, "*"); return err }
	records := func(ctx context.Context, c *IMAP) error { _, err := c.Records(ctx, "INBOX"); return err }
	bodies := func(ctx context.Context, c *IMAP) error {
		return c.Bodies(ctx, "INBOX", nil, func(uint32, []byte) error { return nil })
	}
	appendOne := func(ctx context.Context, c *IMAP) error {
		_, _, err := c.Append(ctx, "INBOX", []target.AppendMessage{{Body: []byte("a\r\n")}})
		return err
	}
	appendAsking := func(ctx context.Context, c *IMAP) error { c.caps = nil; return appendOne(ctx, c) }
	expunge := func(ctx context.Context, c *IMAP) error { return c.Expunge(ctx, "INBOX", []uint32{2}) }

	toRecords := []string{`C: c2 EXAMINE "INBOX"`, "C: c3 UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE MODSEQ DIGEST.SHA1)"}
	toBodies := []string{`C: c2 EXAMINE "INBOX"`, "C: c3 UID FETCH 1:* (UID)", "C: c4 UID FETCH 1:* (UID BODY.PEEK[])", "S: c2 OK x", "S: * 1 FETCH (UID 1)", "S: c3 OK x"}
	selected := []string{`C: c2 SELECT "INBOX"`, "S: c2 OK [READ-WRITE] Completed"}
	stored := []string{`C: c3 UID STORE 2 +FLAGS.SILENT (\Deleted)`, `S: * 2 FETCH (FLAGS (\Deleted) UID 2)`, "S: c3 OK Completed"}
	for _, test := range []struct {
		name  string
		act   func(context.Context, *IMAP) error
		until []string
		tag   string
		want  map[string]string
	}{
		{"LIST", list, []string{`C: c2 LIST "" "*"`}, "c2", afterRead},
		{"Records at FETCH", records, wiretest.Lines(toRecords, []string{"S: c2 OK x"}), "c3", afterRead},
		{"Bodies", bodies, toBodies, "c4", afterRead},
		{"APPEND", appendOne, []string{`C: c2 APPEND "INBOX" {3+}`, "C: a", "C:"}, "c2", afterChange},
		{"APPEND that waits for leave", appendAsking, []string{`C: c2 APPEND "INBOX" {3}`}, "c2", beforeChange},
		{"Expunge at SELECT", expunge, selected[:1], "c2", beforeChange},
		{"Expunge at STORE", expunge, wiretest.Lines(selected, stored[:1]), "c3", afterChange},
		{"Expunge at EXPUNGE", expunge, wiretest.Lines(selected, stored, []string{"C: c4 UID EXPUNGE 2"}), "c4", afterChange},
		{"before anything is sent", appendOne, nil, "c2", map[string]string{"bye": "refused BYE", "lost": "unreachable", "cut": "unreachable", "big": "unreachable"}},
		{"a read, before anything is sent", list, nil, "c2", map[string]string{"bye": "refused BYE", "lost": "unreachable"}},
		{"Expunge after STORE", expunge, wiretest.Lines(selected, stored), "c4", map[string]string{"bye": "in doubt", "lost": "in doubt"}},
	} {
		for name, want := range test.want {
			withIMAP(t, wiretest.Lines(test.until, ending(name, test.tag)), func(t *testing.T, c *IMAP) {
				err := test.act(soon(t), c)
				if got := kindOf(err); got != want {
					t.Errorf("%s, %s: %s, want %s (%v)", test.name, name, got, want, err)
				}
				if (name == "silent" || name == "hang") && !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%s, %s: the context's end is not in %v", test.name, name, err)
				}
				if name != "no" && name != "bad" {
					if again := kindOf(list(soon(t), c)); again != "unreachable" && again != "refused BYE" {
						t.Errorf("%s, %s: the next command: %s", test.name, name, again)
					}
				}
			})
		}
	}
}

func TestRecordsOfAMailboxThatIsNotThere(t *testing.T) {
	withIMAP(t, []string{
		`C: c2 EXAMINE "Nope"`, "C: c3 UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE MODSEQ DIGEST.SHA1)",
		"S: * OK [CLOSED] Ok", "S: c2 NO Mailbox does not exist", "S: c3 BAD Please select a mailbox first",
		`C: c4 LIST "" "*"`, "S: c4 OK Completed",
	}, func(t *testing.T, c *IMAP) {
		if _, err := c.Records(soon(t), "Nope"); err == nil || err.Error() != "EXAMINE Nope: refused: NO Mailbox does not exist" {
			t.Errorf("got %v", err)
		}
		if _, err := c.List(soon(t), "*"); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}

// An APPEND of which the server has not heard the end cannot take effect,
// whatever ended it.
func TestAppendCutOffBeforeItsEnd(t *testing.T) {
	big := []target.AppendMessage{{Body: make([]byte, 300<<10)}}
	for name, last := range map[string][]string{"lost": {"close"}, "bye": {"S: * BYE shutting down", "close"}} {
		withIMAP(t, wiretest.Lines([]string{`C: c2 APPEND "INBOX" {307200+}`}, last), func(t *testing.T, c *IMAP) {
			_, _, err := c.Append(soon(t), "INBOX", big)
			if got := kindOf(err); got != "unreachable" {
				t.Errorf("%s: %s, want unreachable (%v)", name, got, err)
			}
		})
	}
	withIMAP(t, []string{`C: c2 APPEND "INBOX" {307200+}`, "pause"}, func(t *testing.T, c *IMAP) {
		_, _, err := c.Append(soon(t), "INBOX", big)
		if got := kindOf(err); got != "unreachable" || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a server that stops reading: %s (%v)", got, err)
		}
	})
}

func TestLoginOutcomes(t *testing.T) {
	phases := map[string][]string{
		"greeting": nil,
		"leave":    imapHello[:2],
		"answer":   imapHello[:4],
	}
	for phase, until := range phases {
		for name, want := range map[string]string{"bye": "refused BYE", "lost": "unreachable", "silent": "unreachable", "hang": "unreachable"} {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				_, err := NewIMAP(soon(t), wiretest.Talk(t, wiretest.Lines(until, ending(name, "c1"))...), testPeer, testLogin)
				if got := kindOf(err); got != want {
					t.Errorf("IMAP %s, %s: %s, want %s (%v)", phase, name, got, want, err)
				}
				if waited := time.Since(start); waited > time.Minute {
					t.Errorf("IMAP %s, %s: waited %v of the minute it had", phase, name, waited)
				}
			})
		}
	}
}
