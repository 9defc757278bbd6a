package field

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/document"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/view"
)

// Pair is a master and its replica in the field, or a rescued server and the one that
// serves.
type Pair struct {
	Config  *Loaded
	Servers [2]*Server // the master first, or the rescued one
}

// Master returns the server that replicates to the other; empty: neither does.
func (p *Pair) Master() target.ServerName {
	if p.Servers[0].Role() != target.RoleMaster {
		return ""
	}
	return p.Servers[0].Name()
}

// Open returns the servers of a configuration, once each has let the administrator in at
// every service that looking needs. What the configuration is wrong about is a
// [document.Errors], at its place in it; a server that cannot be reached is a
// [target.UnreachableError]. It changes nothing on them.
func Open(ctx context.Context, config *Loaded) (*Pair, error) {
	return open(ctx, config, func(s *Server) error {
		if err := s.introduce(ctx, config.File); err != nil {
			return err
		}
		return s.introduceHost(ctx, config.File)
	})
}

// OpenLater is [Open] for whoever looks again and again: a server that cannot be reached
// now is no error, nor is its machine. What a server refuses still is.
func OpenLater(ctx context.Context, config *Loaded) (*Pair, error) {
	return open(ctx, config, func(s *Server) error {
		err := s.introduce(ctx, config.File)
		var wrong document.Errors
		if ctx.Err() == nil && !errors.As(err, &wrong) {
			return nil
		}
		return err
	})
}

// open returns the servers, once each has been introduced.
func open(ctx context.Context, config *Loaded, introduce func(*Server) error) (*Pair, error) {
	p := &Pair{Config: config}
	for i, s := range config.Servers {
		p.Servers[i] = newServer(s, dialer{s, config.roots[i], config.AnswerWithin}, config.passwords[i])
	}
	if err := p.apart(ctx); err != nil {
		return nil, err
	}
	for _, s := range p.Servers {
		if err := introduce(s); err != nil {
			return nil, errors.Join(err, p.Close())
		}
	}
	return p, nil
}

// Close gives back all connections.
func (p *Pair) Close() error {
	return errors.Join(p.Servers[0].Close(), p.Servers[1].Close())
}

// Reachable asks both servers for a sign of life: a login at each service that looking
// needs. It returns a [target.UnreachableError] of one that gives none.
func (p *Pair) Reachable(ctx context.Context) error {
	for _, s := range p.Servers {
		if err := s.knock(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Accounts returns the accounts that the configuration names, or where it names none all
// that either server lists, sorted.
func (p *Pair) Accounts(ctx context.Context) ([]string, error) {
	if p.Config.Names != nil {
		return slices.Clone(p.Config.Names), nil
	}
	var all []string
	for _, s := range p.Servers {
		accounts, err := s.User().Accounts(ctx)
		if err != nil {
			return nil, fmt.Errorf("listing the accounts of %s: %w", s.Name(), err)
		}
		all = append(all, accounts...)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// apart refuses two names of one host: their addresses are resolved. Where a name cannot
// be resolved, connecting will tell.
func (p *Pair) apart(ctx context.Context) error {
	first, second := p.Servers[0].config, p.Servers[1].config
	known := map[string]bool{}
	for _, address := range resolved(ctx, first.Services[view.IMAP].Address) {
		known[address] = true
	}
	at := second.Services[view.IMAP]
	for _, address := range resolved(ctx, at.Address) {
		if known[address] {
			var errs document.Errors
			errs.Add(at.pos, "give the other server's address", "%s and %s are the same server: both have IMAP at %s", first.Name, second.Name, address)
			return errs.Of(p.Config.File)
		}
	}
	return nil
}

func resolved(ctx context.Context, address string) []string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil
	}
	hosts, err := net.DefaultResolver.LookupHost(ctx, host)
	if err != nil {
		return nil
	}
	for i := range hosts {
		hosts[i] = net.JoinHostPort(hosts[i], port)
	}
	return hosts
}

var _ target.Server = (*Server)(nil)
