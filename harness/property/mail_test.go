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
	mail, err := property.ReadMail(t.Context(), p, p.Serving(), promises, nil)
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
	mail, err := property.ReadMail(t.Context(), p, silent{Server: p.Serving()}, promises, nil)
	if err != nil {
		t.Fatal(err)
	}
	if box := mail.Mailboxes[property.MailboxID{Account: "alice", Mailbox: "INBOX"}]; box.Unknown == nil || box.Refused != nil {
		t.Errorf("of a server that gave no answer: %+v", box)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := property.ReadMail(ctx, p, p.Serving(), promises, nil); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "INBOX of alice on imap1") {
		t.Errorf("with a context that is done: %v", err)
	}
}

// silent is a server whose answers never come.
type silent struct {
	target.Server
	target.UserView
}

func (s silent) User() target.UserView { return s }

func (silent) Login(context.Context, string) (target.Session, error) {
	return nil, context.DeadlineExceeded
}

// counting is a server that counts logins.
type counting struct {
	target.Server
	target.UserView
	logins *int
}

func (c counting) User() target.UserView { return c }

func (c counting) Login(ctx context.Context, account string) (target.Session, error) {
	*c.logins++
	return c.Server.User().Login(ctx, account)
}

func TestReadMailTellsAbsentFromRefused(t *testing.T) {
	p, promises := drilled(t)
	gone := promises[0]
	gone.Mailbox, gone.OrIn = "INBOX/Gone", "INBOX/Other"
	accounts := []traffic.Account{{Name: "alice", Mailboxes: []traffic.Mailbox{{Account: "alice", Name: "INBOX/Old", OrName: "INBOX/New"}}}}
	logins := 0
	mail, err := property.ReadMail(t.Context(), p, counting{Server: p.Serving(), logins: &logins}, append(promises, gone), accounts)
	if err != nil || logins != 1 {
		t.Fatalf("%d logins, %v", logins, err)
	}
	for _, name := range []string{"INBOX/Gone", "INBOX/Other", "INBOX/Old", "INBOX/New"} {
		if box := mail.Mailboxes[property.MailboxID{Account: "alice", Mailbox: name}]; box == nil || !box.Absent || box.Refused != nil || box.Unknown != nil {
			t.Errorf("%s: %+v", name, box)
		}
	}
	inbox := mail.Mailboxes[property.MailboxID{Account: "alice", Mailbox: "INBOX"}]
	if inbox.Absent || inbox.Counters.UIDNext != 4 || inbox.Counters.UIDValidity == 0 {
		t.Errorf("the INBOX: %+v", inbox)
	}
	appended := inbox.Messages[2]
	if len(appended.Flags) != 1 || appended.Flags[0] != `\Seen` || !appended.InternalDate.Equal(promises[2].InternalDate) {
		t.Errorf("appended with \\Seen at %s, read %+v", promises[2].InternalDate, appended)
	}
}

// crashing is a server that ends the session of whoever opens the INBOX.
type crashing struct {
	target.Server
	target.UserView
	logins *int
}

func (c crashing) User() target.UserView { return c }

func (c crashing) Login(ctx context.Context, account string) (target.Session, error) {
	*c.logins++
	session, err := c.Server.User().Login(ctx, account)
	return crashingSession{session}, err
}

type crashingSession struct{ target.Session }

func (s crashingSession) Records(ctx context.Context, mailbox string) ([]target.Record, error) {
	if mailbox == "INBOX" {
		return nil, &target.RefusedError{Command: "EXAMINE INBOX", Status: "BYE", Text: "Fatal error"}
	}
	return s.Session.Records(ctx, mailbox)
}

// A mailbox that ends the session costs its own mail alone.
func TestReadMailGoesOnAfterACrash(t *testing.T) {
	p, promises := drilled(t)
	other := promises[0]
	other.Mailbox = "INBOX/Z"
	logins := 0
	mail, err := property.ReadMail(t.Context(), p, crashing{Server: p.Serving(), logins: &logins}, append(promises, other), nil)
	if err != nil || logins != 2 {
		t.Fatalf("%d logins, %v", logins, err)
	}
	if box := mail.Mailboxes[property.MailboxID{Account: "alice", Mailbox: "INBOX"}]; box.Refused == nil || box.Absent {
		t.Errorf("the INBOX: %+v", box)
	}
	if box := mail.Mailboxes[property.MailboxID{Account: "alice", Mailbox: "INBOX/Z"}]; !box.Absent {
		t.Errorf("the one after it: %+v", box)
	}
}
