package cyrus

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/docker"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Bounds on what is done to a pair as a whole.
const (
	readyWithin   = 30 * time.Second // from start to the probe's arrival
	greetWithin   = 20 * time.Second
	removeWithin  = time.Minute // a hundred thousand files, on a busy machine
	complaintTail = "20"        // lines of a container's log in an error
)

// Target makes pairs of real servers.
type Target struct{}

var _ target.Target = (*Target)(nil)

// New returns the target "docker".
func New() *Target { return &Target{} }

// Name implements [target.Target].
func (*Target) Name() string { return "docker" }

// NewPair implements [target.Target]. Where it fails, nothing is left behind.
func (*Target) NewPair(ctx context.Context, spec target.Spec) (target.Pair, error) {
	suite := spec.Suite
	if suite == "" {
		suite = "bookworm"
	}
	e, err := connect(ctx)
	if err != nil {
		return nil, err
	}
	version, err := e.cyrusVersion(ctx, suite)
	if err != nil {
		return nil, errors.Join(err, e.Close())
	}
	p := newPair(e, newName(), suite, version, spec.RepeatInterval)
	p.keep, p.moving, p.smallDisk = spec.Keep, spec.MovingClock, spec.SmallDisk
	if err := p.make(ctx, spec.Accounts); err != nil {
		return nil, p.giveUp(ctx, err)
	}
	return p, nil
}

// newName returns a name for a pair that is short and not taken.
func newName() string { return strings.ToLower(rand.Text()[:6]) }

// make creates networks and containers, and waits until the pair is ready.
func (p *Pair) make(ctx context.Context, accounts []string) error {
	if err := theReaper.ensure(ctx, p.engine); err != nil {
		return err
	}
	if err := p.makeNetworks(ctx); err != nil {
		return err
	}
	if err := p.both(ctx, func(ctx context.Context, s *server) error { return s.create(ctx) }); err != nil {
		return err
	}
	return p.populate(ctx, accounts)
}

// giveUp removes a pair that did not become ready and says why it did not, in
// the servers' own words.
func (p *Pair) giveUp(ctx context.Context, why error) error {
	afterwards, cancel := context.WithTimeout(context.WithoutCancel(ctx), removeWithin)
	defer cancel()
	for _, s := range p.servers {
		if said := s.lastWords(afterwards); said != "" && ctx.Err() == nil && !errors.Is(why, errDied) {
			why = fmt.Errorf("%w; the last of the log of %s: %s", why, s.name, said)
		}
	}
	p.keep = false
	return errors.Join(fmt.Errorf("making a pair: %w", why), p.Close(afterwards))
}

// config is what a server's configuration is rendered from, as master of the
// pair or in any other role.
func (p *Pair) config(s *server, role target.Role, peer string) docker.Config {
	return docker.Config{
		ServerName: s.name, Role: role, Peer: peer, RepeatInterval: p.interval, Draining: s.isDraining(),
		Admin: docker.AdminUser, Password: docker.AdminPassword,
	}
}
