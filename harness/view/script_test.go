package view

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/wire/wiretest"
)

// scripted is a server that plays, for each connection to a service, the next
// of its conversations, and takes no connection when they are used up.
type scripted struct {
	t             testing.TB
	mu            sync.Mutex
	conversations map[Service][][]string
}

func (s *scripted) Dial(ctx context.Context, service Service) (net.Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	left := s.conversations[service]
	if len(left) == 0 {
		return nil, errors.New("connection refused")
	}
	s.conversations[service] = left[1:]
	return wiretest.Talk(s.t, left[0]...), nil
}

// viewOf returns a view of a scripted server.
func viewOf(t testing.TB, conversations map[Service][][]string) *View {
	v := New(target.Imap1, &scripted{t: t, conversations: conversations}, Credentials{Admin: "admin", Password: "secret"})
	t.Cleanup(func() { _ = v.Close() })
	return v
}

// soon is a context that ends long after every answer.
func soon(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// syncTalk is a conversation with sync_server, after the login.
func syncTalk(conversation ...string) []string {
	return wiretest.Lines([]string{
		"S: * SASL PLAIN", "S: * OK imap1 Cyrus sync server 3.6.1-Debian-3.6.1-4+deb12u5",
		"C: AUTHENTICATE PLAIN AGFkbWluAHNlY3JldA==", "S: OK Success (no protection)",
	}, conversation)
}

const (
	asAdmin = "AGFkbWluAHNlY3JldA=="
	asAlice = "YWxpY2UAYWRtaW4Ac2VjcmV0"
)

// imapTalk is a conversation with imapd, after the login.
func imapTalk(who string, conversation ...string) []string {
	return wiretest.Lines([]string{
		"S: * OK [CAPABILITY IMAP4rev1 LITERAL+] imap1 Cyrus IMAP 3.6.1 server ready",
		"C: c1 AUTHENTICATE PLAIN", "S: + ", "C: " + who,
		"S: c1 OK [CAPABILITY IMAP4rev1 LITERAL+] Success",
	}, conversation)
}

// mailboxLine is what GET USER says of a mailbox.
// deletedLine is a deleted mailbox that is still kept.
func deletedLine(name string) string {
	return strings.Replace(mailboxLine(name, ""), "UNIQUEID u1", "UNIQUEID gone", 1)
}

func mailboxLine(name, more string) string {
	return "S: * MAILBOX %(UNIQUEID u1 MBOXNAME " + name + " SYNC_CRC 7 LAST_UID 2 HIGHESTMODSEQ 14 UIDVALIDITY 1795475749" +
		" PARTITION default ACL \"bob\tlrs\talice\tlrswipkxtecda\t\"" + more + ")"
}
