package traffic_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/traffic"
)

var (
	at      = time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)
	refused = &target.RefusedError{Command: "APPEND INBOX", Status: "NO"}
	errCut  = errors.New("connection reset")
)

func entry(op traffic.Op, marker string) traffic.Entry {
	return traffic.Entry{Op: op, Session: "alice", Account: "alice", Mailbox: "INBOX", Marker: marker, Server: "imap1", SentAt: at}
}

// record plays operations into a ledger, each with what came of it.
func record(l *traffic.Ledger, op traffic.Op, marker string, err error) {
	l.Answered(l.Sent(entry(op, marker)), at.Add(time.Second), err)
}

func TestMessagesAreWhatUsersWerePromised(t *testing.T) {
	l := traffic.NewLedger(nil)
	record(l, traffic.OpDeliver, "kept", nil)
	record(l, traffic.OpAppend, "refused", refused)
	record(l, traffic.OpAppend, "lost-answer", errCut)
	l.Sent(entry(traffic.OpAppend, "no-answer"))
	record(l, traffic.OpDeliver, "gone", nil)
	record(l, traffic.OpExpunge, "gone", errCut)
	record(l, traffic.OpExpunge, "gone", nil)
	record(l, traffic.OpExpunge, "gone", refused)
	l.ReadBack(traffic.Sighting{Marker: "kept", Mailbox: "INBOX", BodySHA1: "first"})
	l.ReadBack(traffic.Sighting{Marker: "kept", Mailbox: "INBOX", BodySHA1: "second"})

	type promise struct {
		Marker           string
		Stored, Expunged target.Outcome
		Body             string
	}
	var got []promise
	for _, m := range l.Messages() {
		got = append(got, promise{m.Marker, m.Stored, m.Expunged, m.BodySHA1})
	}
	want := []promise{
		{"kept", target.Acknowledged, "", "first"},
		{"refused", target.Refused, "", ""},
		{"lost-answer", target.InDoubt, "", ""},
		{"no-answer", target.InDoubt, "", ""},
		{"gone", target.Acknowledged, target.Acknowledged, ""},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if err := l.Check(); err != nil {
		t.Errorf("a sound ledger: %v", err)
	}
}

func TestCheckCatchesAContradiction(t *testing.T) {
	for want, play := range map[string]func(*traffic.Ledger){
		"has no marker":      func(l *traffic.Ledger) { record(l, traffic.OpDeliver, "", nil) },
		"which entry 1 made": func(l *traffic.Ledger) { record(l, traffic.OpDeliver, "m", nil); record(l, traffic.OpAppend, "m", nil) },
		"which nobody made":  func(l *traffic.Ledger) { record(l, traffic.OpExpunge, "m", nil) },
		"for another account": func(l *traffic.Ledger) {
			record(l, traffic.OpDeliver, "m", nil)
			elsewhere := entry(traffic.OpExpunge, "m")
			elsewhere.Account = "bob"
			l.Answered(l.Sent(elsewhere), at.Add(time.Second), nil)
		},
		"which was refused": func(l *traffic.Ledger) {
			record(l, traffic.OpDeliver, "m", refused)
			record(l, traffic.OpExpunge, "m", nil)
		},
		"answered before it was sent": func(l *traffic.Ledger) { l.Answered(l.Sent(entry(traffic.OpDeliver, "m")), at.Add(-time.Second), nil) },
	} {
		l := traffic.NewLedger(nil)
		play(l)
		if err := l.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want a complaint with %q", err, want)
		}
	}
}

// A drill that is killed must leave what it knew: each event is a line at once.
func TestEachEventIsALineAtOnce(t *testing.T) {
	var file bytes.Buffer
	l := traffic.NewLedger(&file)
	id := l.Sent(entry(traffic.OpDeliver, "m"))
	if n := strings.Count(file.String(), "\n"); n != 1 {
		t.Fatalf("%d lines after sending, want 1", n)
	}
	l.Answered(id, at.Add(time.Second), errCut)
	l.ReadBack(traffic.Sighting{Marker: "m", BodySHA1: "digest"})
	var events []string
	for lines := bufio.NewScanner(&file); lines.Scan(); {
		var line struct{ Event, Outcome, Answer string }
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatalf("%q: %v", lines.Text(), err)
		}
		events = append(events, strings.Join([]string{line.Event, line.Outcome, line.Answer}, "|"))
	}
	if diff := cmp.Diff([]string{"sent||", "answered|in-doubt|connection reset", "read-back||"}, events); diff != "" {
		t.Error(diff)
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestALedgerThatCannotBeWrittenSaysSo(t *testing.T) {
	l := traffic.NewLedger(fullDisk{})
	record(l, traffic.OpDeliver, "m", nil)
	if err := l.Err(); err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("got %v", err)
	}
}

func TestCorpusIsTheSameForOneSeed(t *testing.T) {
	write := func(seed uint64) string {
		c := traffic.NewCorpus(seed)
		var all strings.Builder
		for _, account := range []string{"alice", "bob", "alice"} {
			marker, body := c.Message(account, at)
			if !strings.Contains(string(body), "\r\n"+traffic.MarkerField+": "+marker+"\r\n") {
				t.Errorf("message %s does not carry its marker", marker)
			}
			if strings.Contains(strings.ReplaceAll(string(body), "\r\n", ""), "\n") {
				t.Errorf("message %s has a bare line feed", marker)
			}
			all.Write(body)
		}
		return all.String()
	}
	first := write(1)
	if again := write(1); again != first {
		t.Error("one seed wrote two corpora")
	}
	if write(2) == first {
		t.Error("two seeds wrote one corpus")
	}
}
