package view

import (
	"context"
	"net"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Service names what is wanted of a server; it is the name that errors carry.
type Service string

// The services of a Cyrus server.
const (
	IMAP  Service = "imap"
	LMTP  Service = "lmtp"
	Sync  Service = "sync"
	Sieve Service = "sieve"
)

// Dialer knows where a server's services are at the moment. It is asked anew
// for every connection, since ports move when a container starts again.
type Dialer interface {
	Dial(ctx context.Context, service Service) (net.Conn, error)
}

// Credentials are an administrator's of the server, who may act as any account.
type Credentials struct{ Admin, Password string }

// View is one server, seen over the network.
type View struct {
	name  target.ServerName
	dial  Dialer
	creds Credentials
}

// New returns a view of the server. It connects to nothing before it must.
func New(name target.ServerName, dial Dialer, creds Credentials) *View {
	return &View{name: name, dial: dial, creds: creds}
}

// Index returns the server's index view.
func (v *View) Index() target.IndexView { return nil }

// User returns the server's user view.
func (v *View) User() target.UserView { return nil }

// Admin returns what harnesses need of an administrator's IMAP session.
func (v *View) Admin() *Admin { return &Admin{view: v} }

// Close gives back the connections that the view keeps. Sessions that are
// still open stay the business of those who opened them.
func (v *View) Close() error { return nil }

// Admin makes and removes accounts.
type Admin struct{ view *View }

// CreateAccount makes the account's INBOX.
func (a *Admin) CreateAccount(ctx context.Context, account string) error { return nil }

// DeleteAccount removes the account with all of its mailboxes.
func (a *Admin) DeleteAccount(ctx context.Context, account string) error { return nil }
