package reduce

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/plan"
)

// search is one reduction at work.
type search struct {
	ctx      context.Context
	o        Options
	original *plan.Plan // its steps have numbers: see numbered
	want     Failure
	deadline time.Time // zero: none

	best     *plan.Plan
	outcome  Outcome // of the best
	tries    int     // how often a smaller plan is run until it is given up
	accepted int     // how often the best was replaced
	runs     int
	skipped  int
	known    map[[sha256.Size]byte]bool // plans that were tried, and whether they failed
}

func newSearch(ctx context.Context, p *plan.Plan, o Options) *search {
	s := &search{ctx: ctx, o: o, want: o.Failure, tries: 1, known: map[[sha256.Size]byte]bool{}}
	s.original = numbered(p)
	s.best = s.original.Clone()
	slices.Sort(s.want)
	if o.Budget > 0 {
		s.deadline = time.Now().Add(o.Budget)
	}
	return s
}

// numbered returns a copy of the plan whose steps know each other again: the line of each
// is its number, from 1, and stays with it whatever is taken away around it.
func numbered(p *plan.Plan) *plan.Plan {
	c := p.Clone()
	c.Fails = nil // what is expected of the whole says nothing of a part
	for i := range c.Steps {
		c.Steps[i].Pos = plan.Pos{Line: i + 1, Column: 1}
	}
	return c
}

// begin runs the plan that was given, and learns what its failure is.
func (s *search) begin() (Rate, error) {
	var rate Rate
	var instead Failure
	for rate.Runs < max(1, s.o.Repeats) {
		outcome, err := s.run(s.best)
		if err != nil {
			return rate, err
		}
		rate.Runs++
		if len(s.want) == 0 {
			s.want = outcome.Failure
		}
		if s.want.Same(outcome.Failure) {
			rate.Failed++
			s.outcome = outcome
		} else if len(outcome.Failure) > 0 {
			instead = outcome.Failure
		}
	}
	if rate.Failed == 0 {
		return rate, &HoldsError{Runs: rate.Runs, Wanted: s.want, Instead: instead}
	}
	return rate, nil
}

// measure runs a plan as often as is asked for, whatever the budget says: a rate that
// was not measured says nothing.
func (s *search) measure(p *plan.Plan) (Rate, error) {
	s.deadline, s.o.Runs = time.Time{}, 0
	var rate Rate
	for rate.Runs < max(1, s.o.Repeats) {
		outcome, err := s.run(p)
		if err != nil {
			return rate, err
		}
		rate.Runs++
		if s.want.Same(outcome.Failure) {
			rate.Failed++
		}
	}
	return rate, nil
}

// run runs a plan once, within the budget.
func (s *search) run(p *plan.Plan) (Outcome, error) {
	if err := s.ctx.Err(); err != nil {
		return Outcome{}, err
	}
	if s.o.Runs > 0 && s.runs >= s.o.Runs {
		return Outcome{}, errSpent
	}
	ctx, cancel := s.ctx, context.CancelFunc(func() {})
	if !s.deadline.IsZero() {
		ctx, cancel = context.WithDeadlineCause(ctx, s.deadline, errSpent)
	}
	defer cancel()
	if ctx.Err() != nil {
		return Outcome{}, context.Cause(ctx)
	}
	s.runs++
	readable, err := plan.Reread(p, s.o.Names)
	if err != nil {
		return Outcome{}, err
	}
	outcome, err := s.o.Run(ctx, readable)
	if ctx.Err() != nil {
		return Outcome{}, context.Cause(ctx) // what a run that was cut off showed is nothing
	}
	return outcome, err
}

// fails says whether a smaller plan may be run and fails in the same way; then it is the
// best from now on.
func (s *search) fails(p *plan.Plan) (bool, error) {
	for _, seed := range s.seeds(p) {
		try := p
		if seed != p.Seed {
			try = p.Clone()
			try.Seed = seed
		}
		if failed, err := s.failsAsIs(try); failed || err != nil {
			return failed, err
		}
	}
	return false, nil
}

func (s *search) seeds(p *plan.Plan) []uint64 {
	seeds := []uint64{p.Seed}
	for seed := uint64(1); seed <= uint64(s.o.Seeds); seed++ {
		if seed != p.Seed {
			seeds = append(seeds, seed)
		}
	}
	return seeds
}

// failsAsIs is [search.fails] of the plan with its own seed.
func (s *search) failsAsIs(p *plan.Plan) (bool, error) {
	digest := sha256.Sum256(plan.Format(p))
	if failed, ok := s.known[digest]; ok {
		return failed, nil
	}
	if !s.allowed(p) {
		s.skipped++
		s.known[digest] = false
		return false, nil
	}
	for range s.tries {
		outcome, err := s.run(p)
		if err != nil {
			return false, err
		}
		if !s.want.Same(outcome.Failure) {
			continue
		}
		s.known[digest] = true
		s.best, s.outcome = p, outcome
		s.accepted++
		if s.o.Observe != nil {
			s.o.Observe(Progress{Steps: len(p.Steps), Accounts: len(p.Accounts), Runs: s.runs})
		}
		return true, nil
	}
	s.known[digest] = false
	return false, nil
}

// allowed says whether a plan may be run: it is one, it owes nothing, and nobody minds.
func (s *search) allowed(p *plan.Plan) bool {
	if len(p.Steps) == 0 || len(p.Accounts) == 0 {
		return false
	}
	if owes(s.original.Steps, p.Steps, s.want) {
		return false
	}
	var wrong plan.Errors
	if _, err := plan.Reread(p, s.o.Names); errors.As(err, &wrong) {
		return false
	}
	return s.o.Valid == nil || s.o.Valid(p) == nil
}
