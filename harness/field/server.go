package field

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/document"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/view"
	"github.com/cyrdrill/cyrdrill/harness/wire"
)

// Server is a Cyrus server in the field, as detectors look at it.
type Server struct {
	config   ServerConfig
	dialer   dialer
	password string
	view     *view.View
	host     target.HostView
}

func newServer(config ServerConfig, dial dialer, password string) *Server {
	s := &Server{config: config, dialer: dial, password: password}
	s.view = view.New(config.Name, dial, view.Credentials{Admin: config.Admin, Password: password})
	s.view.KeepAdmins()
	s.host = noHost{config.Name}
	if s.HasHost() {
		s.host = newHost(config)
	}
	return s
}

// Name implements [target.Server].
func (s *Server) Name() target.ServerName { return s.config.Name }

// Role returns what the configuration says that the server is.
func (s *Server) Role() target.Role { return s.config.Role }

// Index implements [target.Server]: by the sync protocol, or where the configuration has
// no address for that by IMAP.
func (s *Server) Index() target.IndexView {
	if s.Has(view.Sync) {
		return s.view.Index()
	}
	return s.view.IndexByIMAP()
}

// User implements [target.Server].
func (s *Server) User() target.UserView { return s.view.User() }

// Host implements [target.Server]. Where nobody may look at the machine each of its calls
// returns a [target.UnsupportedError].
func (s *Server) Host() target.HostView { return s.host }

// HasHost says whether the server's machine can be looked at.
func (s *Server) HasHost() bool { return s.config.Host != nil }

// Replicates says whether the server runs sync_client, stopped or not, as far as its
// machine can be looked at.
func (s *Server) Replicates(ctx context.Context) (sends, known bool, err error) {
	h, ok := s.host.(*host)
	if !ok {
		return false, false, nil
	}
	pids, err := h.syncClients(ctx)
	return len(pids) > 0, err == nil, err
}

// Operates says whether commands that change the server may be run on its machine.
func (s *Server) Operates() bool { return s.HasHost() && s.config.Operate }

// Has says whether the configuration has an address of the service.
func (s *Server) Has(service view.Service) bool {
	_, ok := s.config.Services[service]
	return ok
}

// Close gives back the connections that are kept.
func (s *Server) Close() error { return s.view.Close() }

// knock logs in as the administrator wherever looking needs it, and leaves.
func (s *Server) knock(ctx context.Context) error {
	if err := s.knockIMAP(ctx); err != nil {
		return err
	}
	if s.Has(view.Sync) {
		return s.at(ctx, view.Sync, func(ctx context.Context, peer wire.Peer) error {
			line, err := s.dialer.Dial(ctx, view.Sync)
			if err != nil {
				return peer.Unreachable(err)
			}
			c, err := wire.NewSync(ctx, line, peer, s.login(""))
			if err != nil {
				return err
			}
			return c.Close()
		})
	}
	return nil
}

func (s *Server) knockIMAP(ctx context.Context) error {
	return s.at(ctx, view.IMAP, func(ctx context.Context, peer wire.Peer) error {
		line, err := s.dialer.Dial(ctx, view.IMAP)
		if err != nil {
			return peer.Unreachable(err)
		}
		if !s.Has(view.Sync) {
			c, err := wire.NewSyncByIMAP(ctx, line, peer, s.login(""))
			if err != nil {
				return err
			}
			return c.Close()
		}
		c, err := wire.NewIMAP(ctx, line, peer, s.login(""))
		if err != nil {
			return err
		}
		return c.Close()
	})
}

func (s *Server) login(account string) wire.Login {
	return wire.Login{Admin: s.config.Admin, Password: s.password, Account: account}
}

// at does something at a service, within the time that it may take to be let in.
func (s *Server) at(ctx context.Context, service view.Service, do func(context.Context, wire.Peer) error) error {
	patience := min(connectWithin, s.dialer.within)
	within, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	peer := wire.Peer{Server: s.config.Name, Service: string(service)}
	err := do(within, peer)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case within.Err() != nil:
		err = peer.Unreachable(fmt.Errorf("no answer within %s", patience))
	}
	return &atService{service, err}
}

// atService is what went wrong at a service.
type atService struct {
	service view.Service
	err     error
}

func (e *atService) Error() string { return e.err.Error() }

func (e *atService) Unwrap() error { return e.err }

// introduce is [Server.knock] for the first time: what a server refuses then, the
// configuration is wrong about.
func (s *Server) introduce(ctx context.Context, file string) error {
	err := s.knock(ctx)
	if err == nil && s.Has(view.Sieve) { // a login there makes a mailbox: its certificate alone is looked at
		err = s.at(ctx, view.Sieve, func(ctx context.Context, peer wire.Peer) error {
			line, err := s.dialer.Dial(ctx, view.Sieve)
			if err != nil {
				return peer.Unreachable(err)
			}
			return line.Close()
		})
	}
	if err == nil {
		return nil
	}
	var where *atService
	if !errors.As(err, &where) {
		return err
	}
	at := s.config.Services[where.service]
	var errs document.Errors
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var refused *target.RefusedError
	switch {
	case errors.As(err, &certificate):
		errs.Add(at.pos, "say tls: {ca: FILE} or serverName, or give the server another certificate",
			"the certificate of %s's %s at %s does not verify: %v", s.config.Name, where.service, at.Address, certificate.Err)
	case errors.As(err, &record):
		errs.Add(at.pos, "say tls: starttls, or give the port that speaks TLS", "%s's %s at %s does not begin with TLS", s.config.Name, where.service, at.Address)
	case errors.As(err, &refused) && refused.Command == "STARTTLS":
		errs.Add(at.pos, "let it know TLS, or say tls: none where nobody listens between",
			"%s's %s at %s refuses STARTTLS: %s", s.config.Name, where.service, at.Address, refused.Text)
	case errors.As(err, &refused) && refused.Command == "SYNCGET":
		errs.Add(at.pos, "give the address of its sync_server as sync",
			"%s's imap at %s does not tell of indexes", s.config.Name, at.Address)
	case errors.As(err, &refused):
		errs.Add(s.config.adminPos, "mend admin or password, or the server's admins and proxyservers",
			"%s's %s at %s does not let %q in: %s %s", s.config.Name, where.service, at.Address, s.config.Admin, refused.Status, refused.Text)
	default:
		return err
	}
	return errs.Of(file)
}

// introduceHost runs a first command on the server's machine.
func (s *Server) introduceHost(ctx context.Context, file string) error {
	h, ok := s.host.(*host)
	if !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, connectWithin)
	defer cancel()
	if _, err := h.machine(ctx); err != nil {
		var errs document.Errors
		errs.Add(s.config.hostPos, "let the command run a shell there as Cyrus's user, or leave host out", "the machine of %s cannot be looked at: %v", s.config.Name, err)
		return errs.Of(file)
	}
	return nil
}

// FilesKnown says why the server's files cannot be looked at, in a
// [target.UnsupportedError]; nil: they can.
func (s *Server) FilesKnown(ctx context.Context) error {
	h, ok := s.host.(*host)
	if !ok {
		return noHost{s.config.Name}.err()
	}
	m, err := h.machine(ctx)
	if err != nil {
		return err
	}
	return m.filesKnown()
}

// Readable says of an account's view of the server whether mailboxes have the names that
// cyrdrill reads: below INBOX, parted by slashes.
func (s *Server) Readable(ctx context.Context, account string) error {
	line, err := s.dialer.Dial(ctx, view.IMAP)
	peer := wire.Peer{Server: s.config.Name, Service: string(view.IMAP)}
	if err != nil {
		return peer.Unreachable(err)
	}
	c, err := wire.NewIMAP(ctx, line, peer, s.login(account))
	if err != nil {
		return err
	}
	defer c.Close() // it was only read from
	told, err := c.Namespace(ctx)
	if err != nil {
		return err
	}
	if told.Personal != "INBOX/" || told.Delimiter != "/" {
		return &target.SetupError{
			Problem: fmt.Sprintf("%s shows its users mailboxes below %q, parted by %q: cyrdrill reads those below \"INBOX/\" alone", s.config.Name, told.Personal, told.Delimiter),
			Mend:    "give the address of an imapd that runs with altnamespace: no and unixhierarchysep: yes (imapd -C, in cyrus.conf)",
		}
	}
	return nil
}
