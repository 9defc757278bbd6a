package cyrus

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// The witness knows which messages conversations.db knows, whatever kind of database it is,
// asks Cyrus for no other kind, and leaves one that is damaged as it is.
func TestWitnessReadsConversations(t *testing.T) {
	p := warm.get(t)
	deliver(t, p.Serving(), "alice", "known")
	inbox, _ := snapshot(t, p.Serving(), "alice").Mailbox("INBOX")
	guid := inbox.Live()[0].GUID
	s := p.server(target.Imap1)
	path, err := s.state(t.Context(), "alice", "conversations.db")
	if err != nil {
		t.Fatal(err)
	}
	hand := p.Saboteur()
	wantKnown := func(want bool) {
		t.Helper()
		before, err := s.contents(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		known, err := hand.(target.Witness).InConversations(t.Context(), target.Imap1, "alice")
		if err != nil {
			t.Fatal(err)
		}
		if known[guid] != want {
			t.Errorf("it is known: %v, and should be: %v", known[guid], want)
		}
		after, err := s.contents(t.Context(), path)
		if diff := cmp.Diff(before, after); err != nil || diff != "" {
			t.Errorf("looking has changed it: %v\n%s", err, diff)
		}
	}
	wantKnown(true)
	log, err := p.Serving().Host().Syslog(t.Context())
	if err != nil || strings.Contains(string(log), "(requested ") {
		t.Errorf("Cyrus was asked for another kind of database: %v\n%s", err, log)
	}
	const other = `su -s /bin/sh cyrus -c 'cyrus cvt_cyrusdb "$1" skiplist "$1.two" twoskip && mv "$1.two" "$1"' -- sh "$1"`
	if said, err := p.engine.exec(t.Context(), s.id, "", "sh", "-c", other, "sh", path); err != nil {
		t.Fatalf("making it a twoskip: %s, %v", said, err)
	}
	if content, err := s.contents(t.Context(), path); err != nil || !strings.Contains(string(content[:16]), "twoskip") {
		t.Fatalf("it is no twoskip: %v", err)
	}
	wantKnown(true)
	if _, err := hand.(target.StateSaboteur).SpoilConversations(t.Context(), target.Imap1, "alice", target.Truncated); err != nil {
		t.Fatal(err)
	}
	wantKnown(false)
}
