package property_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/traffic"
)

// The promises of a small drill: one message kept, one expunged, and what no
// property may insist on.
func promises() []traffic.Message {
	message := func(marker string, stored, expunged target.Outcome) traffic.Message {
		return traffic.Message{Marker: marker, Account: "alice", Mailbox: "INBOX", Stored: stored, Expunged: expunged, BodySHA1: "sha1 of " + marker}
	}
	return []traffic.Message{
		message("kept", target.Acknowledged, ""),
		message("kept-though-asked", target.Acknowledged, target.Refused),
		message("expunged", target.Acknowledged, target.Acknowledged),
		message("refused", target.Refused, ""),
		message("in-doubt", target.InDoubt, ""),
		message("expunge-in-doubt", target.Acknowledged, target.InDoubt),
	}
}

// intact is a mailbox in which every promise is kept.
func intact() *property.ReadMailbox {
	return &property.ReadMailbox{Messages: []property.ReadMessage{good(1, "kept"), good(2, "kept-though-asked")}}
}

func good(uid uint32, marker string) property.ReadMessage {
	return property.ReadMessage{UID: uid, Marker: marker, Body: true, BodySHA1: "sha1 of " + marker, AsSent: true}
}

func check(p property.Property, box *property.ReadMailbox) property.Result {
	return p.Check(property.Scene{Promises: promises(), Mail: property.Mail{
		Server: target.Imap2, Mailboxes: map[property.MailboxID]*property.ReadMailbox{{Account: "alice", Mailbox: "INBOX"}: box},
	}})
}

// planted is a bug in a restore, as it would show in a mailbox that is
// otherwise intact, and what the property must say of it.
type planted struct {
	name    string
	plant   func(*property.ReadMailbox)
	verdict property.Verdict
	says    string // part of the first violation, or of the first unknown
}

func run(t *testing.T, p property.Property, checked int, bugs []planted) {
	t.Helper()
	if got := check(p, intact()); got.Verdict != property.Pass || got.Checked != checked {
		t.Fatalf("an intact mailbox: verdict %s with %d checked, want pass with %d: %+v", got.Verdict, got.Checked, checked, got)
	}
	for _, bug := range bugs {
		t.Run(bug.name, func(t *testing.T) {
			box := intact()
			bug.plant(box)
			got := check(p, box)
			if got.Verdict != bug.verdict {
				t.Fatalf("verdict %s, want %s: %+v", got.Verdict, bug.verdict, got)
			}
			said := strings.Join(got.Unknown, "\n")
			if len(got.Violations) > 0 {
				said = got.Violations[0].String()
			}
			if !strings.Contains(said, bug.says) {
				t.Errorf("said %q, want something with %q", said, bug.says)
			}
		})
	}
}

func TestNoLossCatches(t *testing.T) {
	run(t, property.NoLoss{}, 2, []planted{
		{"a message that was not copied", func(b *property.ReadMailbox) { b.Messages = b.Messages[1:] }, property.Fail, "message kept, INBOX of alice on imap2: it was acknowledged and is not there"},
		{"a message whose expunge was refused and that is gone", func(b *property.ReadMailbox) { b.Messages = b.Messages[:1] }, property.Fail, "kept-though-asked"},
		{"a message that is listed without a body", func(b *property.ReadMailbox) { b.Messages[0].Body = false }, property.Fail, "cannot give it"},
		{"another body under the marker", func(b *property.ReadMailbox) { b.Messages[0].BodySHA1 = "sha1 of another" }, property.Fail, "not what the server first gave"},
		{"a body cut at its end", func(b *property.ReadMailbox) { b.Messages[0].AsSent = false }, property.Fail, "does not end with the bytes"},
		{"a mailbox that cannot be selected", func(b *property.ReadMailbox) { *b = property.ReadMailbox{Refused: errors.New("invalid format")} }, property.Fail, "cannot be read: invalid format"},
		{"a mailbox that is not there", func(b *property.ReadMailbox) { *b = property.ReadMailbox{Absent: true} }, property.Fail, "its mailbox does not exist"},
		{"a mailbox that gave no answer", func(b *property.ReadMailbox) { *b = property.ReadMailbox{Unknown: errors.New("timed out")} }, property.Unknown, "timed out"},
		{"a good copy beside a bad one", func(b *property.ReadMailbox) {
			b.Messages = append([]property.ReadMessage{{UID: 9, Marker: "kept"}}, b.Messages...)
		}, property.Pass, ""},
	})
}

func TestNoResurrectionCatches(t *testing.T) {
	back := func(marker string) func(*property.ReadMailbox) {
		return func(b *property.ReadMailbox) { b.Messages = append(b.Messages, good(7, marker)) }
	}
	run(t, property.NoResurrection{}, 1, []planted{
		{"an expunged message copied back", back("expunged"), property.Fail, "message expunged, UID 7 in INBOX of alice on imap2: its user expunged it"},
		{"a message whose expunge is in doubt", back("expunge-in-doubt"), property.Pass, ""},
		{"a message that was refused and is there", back("refused"), property.Pass, ""},
		{"a mailbox that is not there", func(b *property.ReadMailbox) { *b = property.ReadMailbox{Absent: true} }, property.Pass, ""},
		{"a mailbox that cannot be selected", func(b *property.ReadMailbox) { *b = property.ReadMailbox{Refused: errors.New("invalid format")} }, property.Unknown, "invalid format"},
		{"a mailbox that gave no answer", func(b *property.ReadMailbox) { *b = property.ReadMailbox{Unknown: errors.New("timed out")} }, property.Unknown, "timed out"},
	})
}

// A drill without a promise that a property is about has shown nothing.
func TestNothingToCheckIsUnknown(t *testing.T) {
	for _, p := range property.All() {
		if got := p.Check(property.Scene{}); got.Verdict != property.Unknown || got.Checked != 0 {
			t.Errorf("%s with no promises: %+v, want unknown", p.Name(), got)
		}
	}
}

// A mailbox that the reader forgot must not read as one without violations.
func TestUnreadMailboxIsUnknown(t *testing.T) {
	for _, p := range property.All() {
		if got := p.Check(property.Scene{Promises: promises()}); got.Verdict != property.Unknown {
			t.Errorf("%s without any mail read: %s, want unknown", p.Name(), got.Verdict)
		}
	}
}

func TestCatalogue(t *testing.T) {
	last := 0
	for _, p := range property.All() {
		if p.Number() <= last || p.Doc() == "" {
			t.Errorf("%s has number %d after %d, doc %q", p.Name(), p.Number(), last, p.Doc())
		}
		last = p.Number()
		if found, ok := property.ByName(p.Name()); !ok || found != p {
			t.Errorf("ByName(%q) = %v, %v", p.Name(), found, ok)
		}
	}
	if _, ok := property.ByName("no-such"); ok {
		t.Error("ByName found a property that does not exist")
	}
}
