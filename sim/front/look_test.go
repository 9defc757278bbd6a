package front_test

import (
	"context"
	"net"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/view"
	"github.com/cyrdrill/cyrdrill/sim"
	"github.com/cyrdrill/cyrdrill/sim/front"
)

// at dials one server of the fronts.
type at struct {
	fronts *front.Fronts
	server target.ServerName
}

// Dial implements [view.Dialer].
func (a at) Dial(ctx context.Context, service view.Service) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, "tcp", a.fronts.Address(a.server, front.Service(service)))
}

// What the harness's own views are told on sockets is what the model itself tells.
func TestViewsOnSocketsAreTheModelsOwn(t *testing.T) {
	f := open(t, "alice", "bob", "köln")
	c := loggedIn(t, f, target.Imap1, "alice", nil)
	noError(t, c.Create("INBOX/Wärme", nil).Wait())
	appendMail(t, c, "INBOX", testMessage, "$Work")
	appendMail(t, c, "INBOX", testMessage)
	seen := view.New(target.Imap1, at{f, target.Imap1}, view.Credentials{Admin: adminUser, Password: adminPassword})
	t.Cleanup(func() { noError(t, seen.Close()) })

	type told struct {
		Accounts, Listed, Nobodys, Shown []string
		Records                          []target.Record
		Counters                         target.Counters
	}
	look := func(user target.UserView) (t1 told) {
		ctx := t.Context()
		var err error
		t1.Accounts, err = user.Accounts(ctx)
		noError(t, err)
		t1.Listed, err = user.Listed(ctx, "alice")
		noError(t, err)
		t1.Nobodys, err = user.Listed(ctx, "nobody")
		noError(t, err)
		session, err := user.Login(ctx, "alice")
		noError(t, err)
		defer func() { noError(t, session.Close()) }()
		t1.Shown, err = session.List(ctx)
		noError(t, err)
		t1.Records, err = session.Records(ctx, "INBOX")
		noError(t, err)
		t1.Counters, err = session.Status(ctx, "INBOX/Wärme")
		noError(t, err)
		return t1
	}
	onSockets := look(seen.User())
	var inModel told
	f.Do(func(p *sim.Pair) { inModel = look(p.Server(target.Imap1).User()) })
	if diff := cmp.Diff(inModel, onSockets); diff != "" {
		t.Errorf("in the model (-) and on sockets (+):\n%s", diff)
	}
	if len(onSockets.Accounts) != 3 || len(onSockets.Records) != 2 || onSockets.Records[0].GUID == "" {
		t.Errorf("on sockets: %+v", onSockets)
	}
}

// The administrator has no mail.
func TestAdministratorHasNoMail(t *testing.T) {
	f := open(t, "alice")
	c := imapClient(t, f, target.Imap1, nil)
	noError(t, c.Login(adminUser, adminPassword).Wait())
	if _, err := c.Select("INBOX", nil).Wait(); err == nil {
		t.Error("SELECT as the administrator is answered with OK")
	}
	if err := imapClient(t, f, target.Imap1, nil).Login(adminUser, "guessed").Wait(); err == nil {
		t.Error("the administrator is let in by a wrong password")
	}
}

// Within a message nothing is a command.
func TestCommandsWithinMailAreMail(t *testing.T) {
	f := open(t, "alice")
	c := loggedIn(t, f, target.Imap1, "alice", nil)
	body := "Subject: x\r\n\r\na STATUS INBOX (HIGHESTMODSEQ)\r\na UID FETCH 1:* (UID DIGEST.SHA1)\r\n"
	appendMail(t, c, "INBOX", body)
	session, err := view.New(target.Imap1, at{f, target.Imap1}, view.Credentials{Admin: adminUser, Password: adminPassword}).User().Login(t.Context(), "alice")
	noError(t, err)
	t.Cleanup(func() { _ = session.Close() })
	noError(t, session.Bodies(t.Context(), "INBOX", nil, func(_ uint32, got []byte) error {
		if string(got) != body {
			t.Errorf("stored as %q", got)
		}
		return nil
	}))
}
