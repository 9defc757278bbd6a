package cyrus

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// wipeWithin bounds bringing a pair that was given back to its first state.
const wipeWithin = time.Minute

// Pool is real pairs that stay: who asks for one gets one that is warm where the pool has
// one of the kind, and whoever closes one gives it back. It is reset in place then, beside
// whatever its last user does meanwhile. A pair that cannot be reset, or of which its user
// says that it has misbehaved ([target.Discarder]), is thrown away, and another is made in
// its place when one is asked for.
type Pool struct {
	pairs target.Target // that makes them
	free  chan struct{} // one for each pair that may be lent or at its reset
	// wiping are the resets that go on, and the pairs that are being thrown away.
	wiping sync.WaitGroup

	mu     sync.Mutex
	idle   []*pooled // wiped, the one that has been there longest first
	out    int       // lent, or at their reset
	closed bool
	stats  PoolStats
}

// PoolStats count what a pool has done.
type PoolStats struct{ Made, Reset, Discarded int }

// kind is what pairs have to have in common to take each other's place.
type kind struct {
	suite             string
	interval          time.Duration
	moving, smallDisk bool
}

func kindOf(spec target.Spec) kind {
	return kind{spec.Suite, spec.RepeatInterval, spec.MovingClock, spec.SmallDisk}
}

// pooled is a pair with its kind.
type pooled struct {
	*Pair
	kind kind
}

var _ target.Target = (*Pool)(nil)

// NewPool returns a pool of so many pairs at most, at least one; none is made before it is
// asked for.
func NewPool(most int) *Pool {
	most = max(1, most)
	return &Pool{pairs: New(), free: make(chan struct{}, most)}
}

// Name implements [target.Target].
func (p *Pool) Name() string { return p.pairs.Name() }

// NewPair implements [target.Target]: it waits until the pool has a pair to lend. Closing
// that pair gives it back.
func (p *Pool) NewPair(ctx context.Context, spec target.Spec) (target.Pair, error) {
	if spec.Keep {
		return nil, errors.New("a pool's pairs cannot be kept: make this one without the pool")
	}
	select {
	case p.free <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for a pair of the pool: %w", ctx.Err())
	}
	pair, err := p.take(ctx, spec)
	if err != nil {
		p.leave()
		return nil, err
	}
	return &lent{pooled: pair, pool: p}, nil
}

// take returns a warm pair with these accounts, or makes one.
func (p *Pool) take(ctx context.Context, spec target.Spec) (*pooled, error) {
	warm, surplus, err := p.pick(kindOf(spec))
	if err != nil {
		return nil, err
	}
	if surplus != nil {
		p.wiping.Go(func() { p.discard(surplus) })
	}
	if warm != nil {
		if err := warm.receive(ctx, spec.Accounts); err == nil {
			return warm, nil
		} else if ctx.Err() != nil {
			p.wiping.Go(func() { p.discard(warm) })
			return nil, err
		}
		p.discard(warm) // it does not do what a wiped pair has to
	}
	made, err := p.pairs.NewPair(ctx, spec)
	if err != nil {
		return nil, err
	}
	p.count(func(s *PoolStats) { s.Made++ })
	return &pooled{made.(*Pair), kindOf(spec)}, nil
}

// pick takes an idle pair of a kind. Where there is none, and a new one would be one too
// many, it takes the one that has been idle longest, to be thrown away.
func (p *Pool) pick(k kind) (warm, surplus *pooled, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, nil, errors.New("the pool is closed")
	}
	p.out++
	for i, idle := range p.idle {
		if idle.kind == k {
			p.idle = append(p.idle[:i:i], p.idle[i+1:]...)
			return idle, nil, nil
		}
	}
	if p.out+len(p.idle) > cap(p.free) {
		surplus, p.idle = p.idle[0], p.idle[1:]
	}
	return nil, surplus, nil
}

// leave lets the next one in.
func (p *Pool) leave() {
	p.mu.Lock()
	p.out--
	p.mu.Unlock()
	<-p.free
}

func (p *Pool) count(change func(*PoolStats)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(&p.stats)
}

// Stats returns what the pool has done so far.
func (p *Pool) Stats() PoolStats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stats
}

// giveBack resets a pair, and keeps it for whoever comes next.
func (p *Pool) giveBack(pair *pooled, misbehaved bool) {
	defer p.leave()
	ctx, cancel := context.WithTimeout(context.Background(), wipeWithin)
	defer cancel()
	if misbehaved || pair.Reset(ctx, nil) != nil {
		p.discard(pair)
		return
	}
	p.mu.Lock()
	closed := p.closed
	p.stats.Reset++
	if !closed {
		p.idle = append(p.idle, pair)
	}
	p.mu.Unlock()
	if closed {
		p.discard(pair)
	}
}

// discard throws a pair away. What cannot be removed is left to the reaper.
func (p *Pool) discard(pair *pooled) {
	p.count(func(s *PoolStats) { s.Discarded++ })
	ctx, cancel := context.WithTimeout(context.Background(), removeWithin)
	defer cancel()
	_ = pair.Close(ctx) // the reaper sweeps what is left
}

// Close throws all pairs away that are not lent, once those at their reset are done. One
// that is given back later is thrown away as well.
func (p *Pool) Close(ctx context.Context) error {
	p.mu.Lock()
	idle := p.idle
	p.idle, p.closed = nil, true
	p.mu.Unlock()
	done := make(chan struct{})
	go func() { p.wiping.Wait(); close(done) }()
	var errs []error
	for _, pair := range idle {
		errs = append(errs, pair.Close(ctx))
	}
	select {
	case <-done:
	case <-ctx.Done():
		errs = append(errs, fmt.Errorf("waiting for the pool's resets: %w", ctx.Err()))
	}
	return errors.Join(errs...)
}

// lent is a pair as its user has it: closing it gives it back.
type lent struct {
	*pooled
	pool       *Pool
	once       sync.Once
	mu         sync.Mutex
	misbehaved bool
}

var _ target.Discarder = (*lent)(nil)

// Discard implements [target.Discarder].
func (l *lent) Discard() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.misbehaved = true
}

// Close gives the pair back; it can be called again. The reset goes on when it returns.
func (l *lent) Close(context.Context) error {
	l.once.Do(func() {
		l.mu.Lock()
		misbehaved := l.misbehaved
		l.mu.Unlock()
		l.pool.wiping.Go(func() { l.pool.giveBack(l.pooled, misbehaved) })
	})
	return nil
}
