package explore

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/cyrdrill/cyrdrill/harness/plan"
)

// Options say what a campaign is.
type Options struct {
	Seed   uint64
	Limits Limits
	Drills int           // how many; 0: until the time is up
	For    time.Duration // how long; 0: until the drills are done
	Jobs   int           // how many drills at once; 0: one
	Run    Run
	// Judge returns a run's failures; nil: [Judge].
	Judge func(*plan.Plan, Shown) []Failure
	// Reducer makes failing plans smaller; nil: they stay as they are.
	Reducer Reducer
	// Block is how many drills share a lean; 0: 500.
	Block int
	// Keep is called after each block with the campaign's state, to be written down; nil:
	// it is not.
	Keep func(*State) error
	// Observe is told of the counters now and then; nil: nobody is.
	Observe func(Progress)
}

// Progress is how far a campaign has come.
type Progress struct {
	Tally   *Tally
	Elapsed time.Duration
	Since   int // drills that were made in this process
}

// StateVersion is the version of a campaign's state.
const StateVersion = "cyrdrill.explore/v1"

// State is a campaign between two blocks: all that it takes to go on.
type State struct {
	APIVersion string        `json:"apiVersion"`
	Target     string        `json:"target"`
	Seed       uint64        `json:"seed"`
	Limits     Limits        `json:"limits"`
	Next       uint64        `json:"next"` // the number of the next drill
	Lean       []string      `json:"lean,omitempty"`
	Elapsed    time.Duration `json:"elapsed_ns"`
	Tally      *Tally        `json:"tally"`
}

// NewState returns the state of a campaign that has not begun.
func NewState(target string, seed uint64, limits Limits) *State {
	return &State{APIVersion: StateVersion, Target: target, Seed: seed, Limits: limits, Tally: NewTally()}
}

// reducedOfAKey is how many failures of one sort are reduced: those after them are counted
// with the first that was.
const reducedOfAKey = 4

// Explore goes on with a campaign until its drills are done, its time is up, or ctx ends.
// The state is then that after the last block that was whole; what was made beyond it is
// in the tally that is returned.
func Explore(ctx context.Context, s *State, o Options) (*Tally, error) {
	c := &campaign{Options: o, state: s, began: time.Now(), before: s.Elapsed, total: NewTally()}
	if c.Judge == nil {
		c.Judge = func(p *plan.Plan, shown Shown) []Failure { return Judge(p, shown.Result) }
	}
	if c.Block == 0 {
		c.Block = 500
	}
	c.total.Add(s.Tally)
	for !c.over(ctx) {
		size := c.Block
		if left := o.Drills - int(s.Next); o.Drills > 0 {
			size = min(size, left)
		}
		block, whole, err := c.block(ctx, s.Next, size)
		c.total.Add(block)
		if err != nil {
			return c.total, err
		}
		if !whole {
			break
		}
		s.Tally.Add(block)
		s.Next += uint64(size)
		s.Lean = s.Tally.Coverage.LeanTowards()
		s.Elapsed = c.before + time.Since(c.began)
		if o.Keep != nil {
			if err := o.Keep(s); err != nil {
				return c.total, err
			}
		}
	}
	return c.total, nil
}

type campaign struct {
	Options
	state  *State
	began  time.Time
	before time.Duration
	total  *Tally // all that was made
	made   int
}

// over says whether the campaign ends here.
func (c *campaign) over(ctx context.Context) bool {
	return ctx.Err() != nil || c.Drills > 0 && int(c.state.Next) >= c.Drills || c.For > 0 && time.Since(c.began) >= c.For
}

// failing is a drill that failed, until it is reduced.
type failing struct {
	number   uint64
	plan     *plan.Plan
	failures []Failure
}

// block makes the drills of one block, and says whether all of them were made.
func (c *campaign) block(ctx context.Context, from uint64, size int) (tally *Tally, whole bool, err error) {
	lean := LeanOf(c.state.Lean)
	tally = NewTally()
	var mu sync.Mutex
	var failed []failing
	var taken atomic.Int64
	workers, working := errgroup.WithContext(ctx)
	done := 0
	for range max(1, c.Jobs) {
		workers.Go(func() error {
			for i := taken.Add(1) - 1; i < int64(size); i = taken.Add(1) - 1 {
				if working.Err() != nil || c.For > 0 && time.Since(c.began) >= c.For {
					return nil
				}
				p := Draw(c.Seed, from+uint64(i), lean, c.Limits)
				shown, err := c.Run(working, p)
				if working.Err() != nil {
					return nil // its end was not its own
				}
				if err != nil {
					return fmt.Errorf("drill %d: %w", from+uint64(i), err)
				}
				failures := c.Judge(p, shown)
				mu.Lock()
				tally.Note(p, shown, failures)
				if len(failures) > 0 {
					failed = append(failed, failing{from + uint64(i), p, failures})
				}
				done++
				c.made++
				c.observe(tally)
				mu.Unlock()
			}
			return nil
		})
	}
	if err := workers.Wait(); err != nil {
		return tally, false, err
	}
	slices.SortFunc(failed, func(a, b failing) int { return int(int64(a.number) - int64(b.number)) })
	for _, f := range failed {
		c.group(ctx, tally, f)
		c.observe(tally)
	}
	return tally, done == size && ctx.Err() == nil, nil
}

// observe tells of the counters, at most four times a second.
func (c *campaign) observe(block *Tally) {
	if c.Observe == nil {
		return
	}
	c.Observe(Progress{Tally: block, Elapsed: c.before + time.Since(c.began), Since: c.made})
}

// group reduces a failing drill and puts it to the group of its bug.
func (c *campaign) group(ctx context.Context, tally *Tally, f failing) {
	first := f.failures[0]
	key := first.Key()
	if c.state.Tally.Reduced[key]+tally.Reduced[key] >= reducedOfAKey {
		if g := tally.sameAs(key); g != nil {
			g.Count++
			return
		}
		if g := c.state.Tally.sameAs(key); g != nil {
			again := *g
			again.Count = 1
			tally.addGroup(again)
			return
		}
	}
	tally.Reduced[key]++
	smallest := f.plan
	if c.Reducer != nil && ctx.Err() == nil {
		smaller, err := c.Reducer.Reduce(ctx, f.plan, first, func(ctx context.Context, p *plan.Plan) ([]Failure, error) {
			shown, err := c.Run(ctx, p)
			if err != nil {
				return nil, err
			}
			return c.Judge(p, shown), nil
		})
		if err == nil {
			smallest = smaller
		}
	}
	tally.addGroup(Group{
		Failure: first, Skeleton: Skeleton(smallest), Count: 1, Drill: f.number, Lean: c.state.Lean,
		Plan: string(plan.Format(smallest)), Steps: len(smallest.Steps),
	})
}

// sameAs returns the first group of a failure's key; nil: there is none.
func (t *Tally) sameAs(key string) *Group {
	for _, g := range t.Sorted() {
		if g.Failure.Key() == key {
			return g
		}
	}
	return nil
}
