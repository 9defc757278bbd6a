package view

import (
	"context"
	"net"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/wire"
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

// View is one server, seen over the network. It is safe for concurrent use.
type View struct {
	server server
	index  *indexView
	// imapIndex is the same by IMAP.
	imapIndex *indexView
	user      *userView
	admins    *admins

	seeding chan struct{} // takes as many as may seed at a time
}

// New returns a view of the server. It connects to nothing before it must.
func New(name target.ServerName, dial Dialer, creds Credentials) *View {
	s := server{name: name, dialer: dial, creds: creds}
	a := &admins{server: s}
	return &View{
		server: s, index: &indexView{server: s, admins: a, connect: s.sync}, imapIndex: &indexView{server: s, admins: a, connect: s.syncByIMAP},
		user: &userView{server: s, admins: a}, admins: a,
		seeding: make(chan struct{}, seededAtOnce),
	}
}

// KeepAdmins has the view list mailboxes on connections that it keeps, as it keeps those for
// its index: for a server on which many accounts are looked at one after the other, and whose
// processes nobody counts.
func (v *View) KeepAdmins() { v.admins.keep = true }

// Index returns the server's index view. It keeps connections to use again.
func (v *View) Index() target.IndexView { return v.index }

// IndexByIMAP returns the same view as Index does, asked of imapd by SYNCGET: for
// servers whose sync_server cannot be reached from here. Where sync_server has died of
// what it was asked, so would imapd, on which all users depend: it is no way round that.
func (v *View) IndexByIMAP() target.IndexView { return v.imapIndex }

// User returns the server's user view. Each session has a connection of its
// own; deliveries keep theirs to use again.
func (v *View) User() target.UserView { return v.user }

// Admin returns what a harness does as the server's administrator.
func (v *View) Admin() *Admin { return &Admin{v.server} }

// Mislead lets a sync client tell the server what is not so, over a connection of
// its own.
func (v *View) Mislead(ctx context.Context, told target.Hearsay) (target.Evidence, error) {
	line, err := v.server.sync(ctx)
	if err != nil {
		return target.Evidence{}, err
	}
	defer func() { _ = line.Close() }()
	return told.Tell(ctx, line)
}

// DialSync opens a conversation by the sync protocol, over a connection of its own.
func (v *View) DialSync(ctx context.Context) (target.SyncConversation, error) {
	line, err := v.server.sync(ctx)
	if err != nil {
		return nil, err
	}
	return line, nil
}

// DialSyncByIMAP opens one with imapd, by which there is only asking.
func (v *View) DialSyncByIMAP(ctx context.Context) (target.SyncConversation, error) {
	line, err := v.server.syncByIMAP(ctx)
	if err != nil {
		return nil, err
	}
	return line, nil
}

// Close gives back the connections that the view keeps. The view can be used
// on, and connects anew: a server that is wiped or started again may be closed
// in between. Sessions stay the business of those who opened them.
func (v *View) Close() error {
	v.index.kept.drop()
	v.imapIndex.kept.drop()
	v.user.kept.drop()
	v.admins.kept.drop()
	return nil
}

// server is what it takes to connect to one.
type server struct {
	name   target.ServerName
	dialer Dialer
	creds  Credentials
}

func (s server) dial(ctx context.Context, service Service) (net.Conn, wire.Peer, error) {
	peer := wire.Peer{Server: s.name, Service: string(service)}
	conn, err := s.dialer.Dial(ctx, service)
	if err != nil {
		return nil, peer, peer.Unreachable(err)
	}
	return conn, peer, nil
}

// login returns the credentials to act as the account (empty: as nobody else).
func (s server) login(account string) wire.Login {
	return wire.Login{Admin: s.creds.Admin, Password: s.creds.Password, Account: account}
}

func (s server) imap(ctx context.Context, account string) (*wire.IMAP, error) {
	conn, peer, err := s.dial(ctx, IMAP)
	if err != nil {
		return nil, err
	}
	return wire.NewIMAP(ctx, conn, peer, s.login(account))
}

func (s server) sync(ctx context.Context) (*wire.Sync, error) {
	conn, peer, err := s.dial(ctx, Sync)
	if err != nil {
		return nil, err
	}
	return wire.NewSync(ctx, conn, peer, s.login(""))
}

func (s server) syncByIMAP(ctx context.Context) (*wire.Sync, error) {
	conn, peer, err := s.dial(ctx, IMAP)
	if err != nil {
		return nil, err
	}
	return wire.NewSyncByIMAP(ctx, conn, peer, s.login(""))
}
