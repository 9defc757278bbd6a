package explore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Pool lends pairs that are reset in place between two plans, which takes less than to
// make them anew. It is for several jobs at once.
type Pool struct {
	target target.Target
	most   int // pairs that lie idle

	mu   sync.Mutex
	idle []lent
}

// fit is what a pair is made with and no reset changes.
type fit struct {
	suite              string
	interval           time.Duration
	movingClock, small bool
}

type lent struct {
	target.Pair
	fit fit
}

// NewPool returns a pool that keeps at most so many idle pairs.
func NewPool(t target.Target, most int) *Pool { return &Pool{target: t, most: most} }

// Run is a [Run] on a pair of the pool. A pair that cannot be reset is thrown away.
func (p *Pool) Run(ctx context.Context, drawn *plan.Plan) (shown Shown, err error) {
	pair, err := p.take(ctx, drill.Spec(drawn))
	if err != nil {
		return shown, err
	}
	defer func() {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeWithin)
		defer cancel()
		err = errors.Join(err, p.give(ending, pair, ctx.Err() == nil))
	}()
	return carryOut(ctx, drawn, p.target.Name(), pair), nil
}

// take returns a pair as the spec asks for it, reset, or a new one.
func (p *Pool) take(ctx context.Context, spec target.Spec) (lent, error) {
	want := fit{spec.Suite, spec.RepeatInterval, spec.MovingClock, spec.SmallDisk}
	for {
		pair, found := p.pop(want)
		if !found {
			break
		}
		if pair.Reset(ctx, spec.Accounts) == nil {
			return pair, nil
		}
		if err := pair.Close(ctx); err != nil {
			return lent{}, fmt.Errorf("throwing a pair away that could not be reset: %w", err)
		}
	}
	pair, err := p.target.NewPair(ctx, spec)
	if err != nil {
		return lent{}, fmt.Errorf("making a pair: %w", err)
	}
	return lent{pair, want}, nil
}

func (p *Pool) pop(want fit) (lent, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, pair := range p.idle {
		if pair.fit == want {
			p.idle = append(p.idle[:i:i], p.idle[i+1:]...)
			return pair, true
		}
	}
	return lent{}, false
}

// give takes a pair back, and closes the one that lies idle for longest where there are
// too many.
func (p *Pool) give(ctx context.Context, pair lent, well bool) error {
	if !well {
		return pair.Close(ctx)
	}
	p.mu.Lock()
	p.idle = append(p.idle, pair)
	var over []lent
	if n := len(p.idle) - p.most; n > 0 {
		over, p.idle = p.idle[:n:n], p.idle[n:]
	}
	p.mu.Unlock()
	return closeAll(ctx, over)
}

// Close gives all pairs back.
func (p *Pool) Close(ctx context.Context) error {
	p.mu.Lock()
	idle := p.idle
	p.idle = nil
	p.mu.Unlock()
	return closeAll(ctx, idle)
}

func closeAll(ctx context.Context, pairs []lent) error {
	var errs []error
	for _, pair := range pairs {
		errs = append(errs, pair.Close(ctx))
	}
	return errors.Join(errs...)
}
