package sim

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/canary"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Epoch is when every simulated pair is made.
var Epoch = time.Date(2026, time.January, 5, 8, 0, 0, 0, time.UTC)

// Target makes simulated pairs.
type Target struct{ planted canary.Planted }

var _ target.Target = (*Target)(nil)

// New returns the target "sim".
func New() *Target { return &Target{} }

// WithBug returns the target "sim" with a bug planted in its pairs, for a test.
func WithBug(planted canary.Planted) *Target { return &Target{planted} }

// Name implements [target.Target].
func (*Target) Name() string { return "sim" }

// NewPair implements [target.Target].
func (t *Target) NewPair(ctx context.Context, spec target.Spec) (target.Pair, error) {
	pair, err := newPair(ctx, spec, t.planted)
	if err != nil {
		return nil, err
	}
	return pair, nil
}

// NewPair makes a pair that is ready.
func NewPair(ctx context.Context, spec target.Spec) (*Pair, error) {
	return newPair(ctx, spec, canary.Planted{})
}

func newPair(ctx context.Context, spec target.Spec, planted canary.Planted) (*Pair, error) {
	version, err := versionOf(spec.Suite)
	if err != nil {
		return nil, err
	}
	const stream = 0x73696d // keeps the simulator's chance apart from traffic's
	p := &Pair{
		world:    newWorld(rand.New(rand.NewPCG(spec.Seed, stream))),
		orders:   rand.New(rand.NewPCG(spec.Seed, stream+1)),
		interval: spec.RepeatInterval,
		compiled: map[string]bytecode{},
		version:  version,
		planted:  planted,
	}
	for i, name := range []target.ServerName{target.Imap1, target.Imap2} {
		p.servers[i] = &server{pair: p, name: name}
	}
	return p, p.Reset(ctx, spec.Accounts)
}

// Pair is two simulated servers.
type Pair struct {
	*world
	interval time.Duration // sync_repeat_interval
	servers  [2]*server
	serving  target.ServerName
	compiled map[string]bytecode // scripts by their source
	version  version
	planted  canary.Planted // nothing, but in tests of whoever looks for bugs
	orders   *rand.Rand     // of accounts in a batch of sync_client, and of what happens amid one
}

var (
	_ target.Pair       = (*Pair)(nil)
	_ target.ClockMover = (*Pair)(nil)
)

// Version implements [target.Pair].
func (p *Pair) Version() string { return "model of " + p.version.cyrus }

// Servers implements [target.Pair].
func (p *Pair) Servers() [2]target.Server { return [2]target.Server{p.servers[0], p.servers[1]} }

// Server implements [target.Pair].
func (p *Pair) Server(name target.ServerName) target.Server { return p.server(name) }

func (p *Pair) server(name target.ServerName) *server {
	if name == target.Imap1 {
		return p.servers[0]
	}
	return p.servers[1]
}

// Role implements [target.Pair].
func (p *Pair) Role(name target.ServerName) target.Role { return p.server(name).role }

// Serving implements [target.Pair].
func (p *Pair) Serving() target.Server { return p.server(p.serving) }

// Clock implements [target.Pair].
func (p *Pair) Clock() target.Clock { return p.world }

// Executor implements [target.Pair].
func (p *Pair) Executor() target.Executor { return p.world }

// Operator implements [target.Pair].
func (p *Pair) Operator() target.Operator { return operator{p} }

// Saboteur implements [target.Pair].
func (p *Pair) Saboteur() target.Saboteur { return saboteur{p} }

// Reset implements [target.Pair]. The clock goes on; all else is as new.
func (p *Pair) Reset(ctx context.Context, accounts []string) error {
	p.dropEvents()
	for i, role := range []target.Role{target.RoleMaster, target.RoleReplica} {
		s := p.servers[i]
		s.kill()
		s.disk, s.syslog, s.role, s.peer, s.draining = newDisk(), nil, role, nil, false
		s.link, s.offset = target.Link{}, 0
	}
	p.serving = target.Imap1
	p.servers[0].peer = p.servers[1]
	for _, account := range accounts {
		p.servers[0].makeAccount(account)
	}
	p.servers[0].disk.log = logFile{}
	p.servers[1].disk = p.servers[0].disk.clone()
	for _, s := range p.servers {
		s.start()
	}
	p.tracef("reset with %d accounts", len(accounts))
	return p.Sleep(ctx, readyTime)
}

// Advance implements [target.ClockMover].
func (p *Pair) Advance(ctx context.Context, d time.Duration) error { return p.Sleep(ctx, d) }

// Close implements [target.Pair]. There is nothing to give back.
func (*Pair) Close(context.Context) error { return nil }
