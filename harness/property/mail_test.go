package property_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/traffic"
	"github.com/cyrdrill/cyrdrill/sim"
)

// drilled is a pair with mail that its users were promised.
func drilled(t *testing.T) (target.Pair, []traffic.Message) {
	t.Helper()
	p, err := sim.New().NewPair(t.Context(), target.Spec{Seed: 1, Accounts: []string{"alice"}})
	if err != nil {
		t.Fatal(err)
	}
	ledger := traffic.NewLedger(nil)
	users := traffic.NewUsers(p, ledger, 1)
	if _, err := users.Deliver(t.Context(), []string{"alice"}, 2); err != nil {
		t.Fatal(err)
	}
	if _, err := users.Append(t.Context(), "alice", traffic.Inbox, 1); err != nil {
		t.Fatal(err)
	}
	return p, ledger.Messages()
}

func read(t *testing.T, p target.Pair, promises []traffic.Message) *property.ReadMailbox {
	t.Helper()
	mail, err := property.ReadMail(t.Context(), p.Serving(), promises)
	if err != nil {
		t.Fatal(err)
	}
	return mail.Mailboxes[property.MailboxID{Account: "alice", Mailbox: "INBOX"}]
}

func TestReadMailKnowsMessagesByMarkerAndBytes(t *testing.T) {
	p, promises := drilled(t)
	for i, m := range read(t, p, promises).Messages {
		if m.Marker != promises[i].Marker || !m.Body || !m.AsSent || m.BodySHA1 != promises[i].BodySHA1 {
			t.Errorf("read %+v, promised %+v", m, promises[i])
		}
	}
	// Other bytes than those that were sent, of the same length or not.
	promises[0].SentSHA1 = promises[1].SentSHA1
	promises[1].Bytes--
	promises[2].Bytes += 1000
	for _, m := range read(t, p, promises).Messages {
		if m.AsSent {
			t.Errorf("%s counts as sent, though it is not", m.Marker)
		}
	}
}

func TestReadMailTellsRefusedFromUnknown(t *testing.T) {
	p, promises := drilled(t)
	if _, err := p.Saboteur().KillServer(t.Context(), target.Imap1); err != nil {
		t.Fatal(err)
	}
	if box := read(t, p, promises); box.Refused == nil || box.Unknown != nil {
		t.Errorf("of a dead server: %+v", box)
	}
	mail, err := property.ReadMail(t.Context(), silent{p.Serving()}, promises)
	if err != nil {
		t.Fatal(err)
	}
	if box := mail.Mailboxes[property.MailboxID{Account: "alice", Mailbox: "INBOX"}]; box.Unknown == nil || box.Refused != nil {
		t.Errorf("of a server that gave no answer: %+v", box)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := property.ReadMail(ctx, p.Serving(), promises); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "INBOX of alice on imap1") {
		t.Errorf("with a context that is done: %v", err)
	}
}

// silent is a server whose answers never come.
type silent struct{ target.Server }

func (s silent) User() target.UserView { return s }

func (silent) Login(context.Context, string) (target.Session, error) {
	return nil, context.DeadlineExceeded
}

func (silent) Deliver(context.Context, string, []byte) error { return context.DeadlineExceeded }
