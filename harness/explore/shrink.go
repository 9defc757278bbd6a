package explore

import (
	"context"
	"slices"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/plan"
)

// Predicate runs a smaller plan and returns what it failed of, none where it holds. What
// it returns is keyed as [Failure.Key] does.
type Predicate func(ctx context.Context, p *plan.Plan) ([]Failure, error)

// Reducer makes a plan that fails smaller, as long as it fails of the same.
type Reducer interface {
	Reduce(ctx context.Context, p *plan.Plan, f Failure, fails Predicate) (*plan.Plan, error)
}

// Shrinker is a [Reducer] that takes away steps, accounts and operations, the largest
// parts first. What is left has its promise derived anew, so that no repair is taken away
// without what asked for it.
type Shrinker struct {
	Within time.Duration // real time; 0: a minute
	Runs   int           // at most; 0: 600
}

// Reduce implements [Reducer]. When its time is spent it returns what it has come to.
func (s Shrinker) Reduce(ctx context.Context, p *plan.Plan, f Failure, fails Predicate) (*plan.Plan, error) {
	if s.Within == 0 {
		s.Within = time.Minute
	}
	if s.Runs == 0 {
		s.Runs = 600
	}
	w := &shrinking{best: p, key: f.Key(), fails: fails, runs: s.Runs, until: time.Now().Add(s.Within)}
	for again := true; again && ctx.Err() == nil; {
		again = w.fewerSteps(ctx)
		again = w.simpler(ctx) || again
	}
	return w.best, ctx.Err()
}

type shrinking struct {
	best  *plan.Plan
	key   string
	fails Predicate
	runs  int
	until time.Time
}

// try keeps a smaller plan if it fails of the same.
func (w *shrinking) try(ctx context.Context, smaller plan.Plan) bool {
	if w.runs <= 0 || time.Now().After(w.until) || len(smaller.Steps) == 0 || len(smaller.Accounts) == 0 {
		return false
	}
	finished, err := Finish(&smaller)
	if err != nil {
		return false // it is no plan any more
	}
	w.runs--
	failures, err := w.fails(ctx, finished)
	if err != nil || !slices.ContainsFunc(failures, func(f Failure) bool { return f.Key() == w.key }) {
		return false
	}
	w.best = finished
	return true
}

func (w *shrinking) fewerSteps(ctx context.Context) (changed bool) {
	for size := max(1, len(w.best.Steps)/2); ; size /= 2 {
		for at := len(w.best.Steps) - size; at >= 0; at -= size {
			smaller := *w.best
			smaller.Steps = slices.Concat(w.best.Steps[:at], w.best.Steps[min(at+size, len(w.best.Steps)):])
			if w.try(ctx, smaller) {
				changed = true
				at = min(at, len(w.best.Steps))
			}
		}
		if size <= 1 {
			return changed
		}
	}
}

// simpler tries plans with an account less, or with a step that does less.
func (w *shrinking) simpler(ctx context.Context) (changed bool) {
	for i := len(w.best.Accounts) - 1; i >= 0 && len(w.best.Accounts) > 1; i-- {
		changed = w.try(ctx, without(*w.best, w.best.Accounts[i])) || changed
	}
	for i := range w.best.Steps {
		for again := true; again; {
			again = false
			for _, s := range lesser(w.best.Steps[i]) {
				smaller := *w.best
				smaller.Steps = slices.Clone(w.best.Steps)
				smaller.Steps[i] = s
				if w.try(ctx, smaller) {
					changed, again = true, true
					break
				}
			}
		}
	}
	return changed
}

// without returns the plan without an account.
func without(p plan.Plan, account string) plan.Plan {
	rest := func(accounts []string) []string {
		return slices.DeleteFunc(slices.Clone(accounts), func(a string) bool { return a == account })
	}
	p.Accounts = rest(p.Accounts)
	var steps []plan.Step
	for _, s := range p.Steps {
		var left []string
		switch {
		case s.Deliver != nil:
			deliver := *s.Deliver
			deliver.To = rest(deliver.To)
			s.Deliver, left = &deliver, deliver.To
		case s.Work != nil:
			work := *s.Work
			work.Accounts = rest(work.Accounts)
			s.Work, left = &work, work.Accounts
		case s.Rules != nil:
			rules := *s.Rules
			rules.Accounts = rest(rules.Accounts)
			s.Rules, left = &rules, rules.Accounts
		case s.Fault != nil:
			fault := *s.Fault
			fault.Accounts = rest(fault.Accounts)
			s.Fault, left = &fault, fault.Accounts
		default:
			left = p.Accounts
		}
		if len(left) > 0 {
			steps = append(steps, s)
		}
	}
	p.Steps = steps
	return p
}

// lesser returns steps that do less than one does, the least first.
func lesser(s plan.Step) (steps []plan.Step) {
	fewer := func(n int, with func(int) plan.Step) {
		for _, less := range []int{1, n / 2, n - 1} {
			if less >= 1 && less < n {
				steps = append(steps, with(less))
			}
		}
	}
	switch {
	case s.Deliver != nil:
		fewer(s.Deliver.Count, func(n int) plan.Step { c := *s.Deliver; c.Count = n; s.Deliver = &c; return s })
	case s.Seed != nil:
		fewer(s.Seed.Messages, func(n int) plan.Step { c := *s.Seed; c.Messages = n; s.Seed = &c; return s })
		fewer(s.Seed.Mailboxes, func(n int) plan.Step { c := *s.Seed; c.Mailboxes = n; s.Seed = &c; return s })
	case s.Work != nil:
		fewer(s.Work.Operations, func(n int) plan.Step { c := *s.Work; c.Operations = n; s.Work = &c; return s })
		for i := range s.Work.Only {
			if len(s.Work.Only) > 1 {
				c := *s.Work
				c.Only = slices.Concat(c.Only[:i], c.Only[i+1:])
				steps = append(steps, plan.Step{Kind: s.Kind, Work: &c})
			}
		}
		for i := range s.Work.Accounts {
			if len(s.Work.Accounts) > 1 {
				c := *s.Work
				c.Accounts = slices.Concat(c.Accounts[:i], c.Accounts[i+1:])
				steps = append(steps, plan.Step{Kind: s.Kind, Work: &c})
			}
		}
	case s.Fault != nil:
		fewer(s.Fault.Count, func(n int) plan.Step { c := *s.Fault; c.Count = n; s.Fault = &c; return s })
	case s.Restore != nil && (s.Restore.Kills > 0 || s.Restore.Workers > 1):
		c := *s.Restore
		c.Kills, c.Workers = 0, 1
		steps = append(steps, plan.Step{Kind: s.Kind, Restore: &c})
	}
	return steps
}
