package reduce

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/plan"
)

// Run carries out a plan from a fresh pair on, and says what it showed. Its error means
// that the plan could not be run at all, and ends the reduction.
type Run func(ctx context.Context, p *plan.Plan) (Outcome, error)

// Options say how a plan is reduced.
type Options struct {
	Run   Run
	Names plan.Names // by which a plan is valid
	// Failure is the one that is meant; empty: the first that the plan shows.
	Failure Failure
	// Repeats is how often the plan that is given, and the one that is left, are run to
	// measure how often they fail; 0: once.
	Repeats int
	// Budget bounds the reduction in real time, and Runs in runs; 0: neither does.
	Budget time.Duration
	Runs   int
	// Seeds is how many seeds, from 1 on, are tried beside the plan's own wherever
	// something was taken away: chance falls otherwise in a plan that has changed.
	Seeds int
	// Valid adds to what makes a plan one that may be run; nil: nothing does.
	Valid func(*plan.Plan) error
	// Observe is told of each plan that fails in the same way and is smaller than all
	// before it; nil: nobody is.
	Observe func(Progress)
}

// Progress is how far a reduction has come.
type Progress struct {
	Steps, Accounts int // of the smallest plan by now
	Runs            int
}

// Reduced is what a reduction came to.
type Reduced struct {
	// Plan is the smallest plan, told as a person writes it: [plan.Plan.Text] has its
	// comments.
	Plan    *plan.Plan
	Failure Failure
	Says    string // what is wrong in it, in a line
	// Before and After say how often the plan that was given, and the one that is left,
	// failed.
	Before, After Rate
	Runs          int // all that were made
	Skipped       int // plans that were not run, because they were none
	// Complete: nothing more can be taken away. Otherwise the budget was spent.
	Complete bool

	marks []string // that the smallest plan reaches
}

// HoldsError says that a plan which was to be reduced did not fail, or not in the way
// that was meant.
type HoldsError struct {
	Runs    int
	Wanted  Failure // empty: any
	Instead Failure // what failed in its place, if anything
}

func (e *HoldsError) Error() string {
	switch {
	case len(e.Wanted) > 0 && len(e.Instead) > 0:
		return fmt.Sprintf("the plan does not fail as asked for (%s) but by %s", e.Wanted, e.Instead)
	case len(e.Wanted) > 0:
		return fmt.Sprintf("the plan did not fail (%s) in %d runs", e.Wanted, e.Runs)
	}
	return fmt.Sprintf("the plan did not fail in %d runs", e.Runs)
}

// errSpent ends a reduction whose budget is spent.
var errSpent = errors.New("the budget is spent")

// Reduce returns the smallest plan that it came to within the budget. A plan that does
// not fail is a [HoldsError]. Where a run could not be made, or ctx ends, the error comes
// with what had been reached by then, unless that is nothing.
func Reduce(ctx context.Context, p *plan.Plan, o Options) (*Reduced, error) {
	s := newSearch(ctx, p, o)
	before, err := s.begin()
	if err != nil {
		return nil, err
	}
	s.tries = before.tries()
	err = s.shrink()
	r := &Reduced{Plan: s.best, Failure: s.want, Before: before, Complete: err == nil}
	if errors.Is(err, errSpent) {
		err = nil
	}
	var measured error
	if r.After, measured = s.measure(s.best); err == nil {
		err = measured
	}
	r.Says, r.marks, r.Runs, r.Skipped = s.outcome.Says, s.outcome.Marks, s.runs, s.skipped
	told, toldErr := tell(r, p, o.Names)
	if toldErr != nil {
		return r, errors.Join(err, toldErr)
	}
	r.Plan = told
	return r, err
}

// shrink takes away what it can, until a whole round has taken nothing.
func (s *search) shrink() error {
	for _, round := range []func() error{s.fixpoint, s.narrow, s.fixpoint, s.tidy} {
		if err := round(); err != nil {
			return err
		}
	}
	return nil
}

// fixpoint goes over steps, accounts and parameters until none of them yields.
func (s *search) fixpoint() error {
	for {
		before := s.accepted
		for _, pass := range []func() error{s.fewerSteps, s.fewerAccounts, s.simplerSteps} {
			if err := pass(); err != nil {
				return err
			}
		}
		if s.accepted == before {
			return nil
		}
	}
}
