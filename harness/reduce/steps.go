package reduce

import (
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/reduce/ddmin"
)

// fewerSteps takes steps away; with a step go those that cannot be carried out without
// it, and, where that alone is not enough, a whole incident: each fault with all that
// mends it.
func (s *search) fewerSteps() error {
	// What fails is taken from the best: it may have lost more steps than the list.
	_, err := ddmin.List(s.best.Steps, func(rest []plan.Step) (bool, error) {
		p := s.withSteps(rest)
		if len(p.Steps) >= len(s.best.Steps) {
			return false, nil
		}
		return s.fails(p)
	})
	if err != nil {
		return err
	}
	return s.fewerIncidents()
}

// withSteps is the best plan with these of its steps, and none that is misplaced without
// the others.
func (s *search) withSteps(steps []plan.Step) *plan.Plan {
	p := s.best.Clone()
	left := plan.Plan{Steps: steps}
	p.Steps = left.Clone().Steps
	return s.withoutMisplaced(p)
}

// fewerIncidents tries, for each fault, to be without it and every repair after it up to
// the next resync: a repair alone may not go, and a fault alone may be what makes others
// possible.
func (s *search) fewerIncidents() error {
	for at := len(s.best.Steps) - 1; at >= 0; at-- {
		if at >= len(s.best.Steps) || s.best.Steps[at].Kind != plan.KindFault {
			continue
		}
		rest := slices.Clone(s.best.Steps[:at])
		over := false
		for _, step := range s.best.Steps[at+1:] {
			if over || !repairs(step) {
				rest = append(rest, step)
			}
			over = over || step.Kind == plan.KindResync
		}
		if _, err := s.fails(s.withSteps(rest)); err != nil {
			return err
		}
	}
	return nil
}

// fewerAccounts takes accounts away, with all that is done to them alone.
func (s *search) fewerAccounts() error {
	_, err := ddmin.List(s.best.Accounts, func(rest []string) (bool, error) {
		if len(rest) == 0 || len(rest) >= len(s.best.Accounts) {
			return false, nil
		}
		return s.fails(s.withAccounts(rest))
	})
	return err
}

func (s *search) withAccounts(accounts []string) *plan.Plan {
	gone := func(name string) bool { return !slices.Contains(accounts, name) }
	p := s.best.Clone()
	p.Accounts = slices.Clone(accounts)
	p.Steps = slices.DeleteFunc(p.Steps, func(step plan.Step) bool {
		if who := step.Who(); who != nil {
			return gone(*who)
		}
		whose := step.Whose()
		if whose == nil {
			return false
		}
		*whose = slices.DeleteFunc(*whose, gone)
		return len(*whose) == 0
	})
	return s.withoutMisplaced(p)
}

// withoutMisplaced takes away the steps that cannot be carried out.
func (s *search) withoutMisplaced(p *plan.Plan) *plan.Plan {
	for wrong := plan.Misplaced(p, s.o.Names); len(wrong) > 0; wrong = plan.Misplaced(p, s.o.Names) {
		first := len(p.Steps)
		for i := range wrong {
			first = min(first, i)
		}
		p.Steps = slices.Delete(p.Steps, first, first+1)
	}
	return p
}
