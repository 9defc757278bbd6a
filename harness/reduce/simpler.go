package reduce

import (
	"slices"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/reduce/ddmin"
)

// simplerSteps makes each step say less: lower numbers, fewer names, defaults.
func (s *search) simplerSteps() error {
	for at := 0; at < len(s.best.Steps); at++ {
		for _, simplify := range []func(at int) error{s.plainMail, s.oneFault, s.fewerNames, s.fewerOperations, s.lowerNumbers, s.defaults} {
			if err := simplify(at); err != nil {
				return err
			}
		}
	}
	return nil
}

// changed tries the best plan with one step changed.
func (s *search) changed(at int, change func(*plan.Step)) (bool, error) {
	p := s.best.Clone()
	change(&p.Steps[at])
	return s.fails(p)
}

// number is a number in a step that may become lower.
type number struct {
	at    func(*plan.Step) *int
	least int
}

// numbers are those of a step.
func numbers(s plan.Step) []number {
	one := func(at func(*plan.Step) *int) []number { return []number{{at, 1}} }
	switch s.Kind {
	case plan.KindDeliver:
		return one(func(s *plan.Step) *int { return &s.Deliver.Count })
	case plan.KindAppend:
		return one(func(s *plan.Step) *int { return &s.Append.Count })
	case plan.KindExpunge:
		return one(func(s *plan.Step) *int { return &s.Expunge.Count })
	case plan.KindFault:
		return one(func(s *plan.Step) *int { return &s.Fault.Count })
	case plan.KindWork:
		return one(func(s *plan.Step) *int { return &s.Work.Operations })
	case plan.KindSeed:
		return append(one(func(s *plan.Step) *int { return &s.Seed.Messages }), one(func(s *plan.Step) *int { return &s.Seed.Mailboxes })...)
	case plan.KindRestore:
		return []number{
			{func(s *plan.Step) *int { return &s.Restore.Kills }, 0},
			{func(s *plan.Step) *int { return &s.Restore.Rivals }, 0},
			{func(s *plan.Step) *int { return &s.Restore.Outages }, 0},
		}
	}
	return nil
}

func (s *search) lowerNumbers(at int) error {
	for _, n := range numbers(s.best.Steps[at]) {
		_, err := ddmin.Number(*n.at(&s.best.Steps[at]), n.least, func(value int) (bool, error) {
			return s.changed(at, func(step *plan.Step) { *n.at(step) = value })
		})
		if err != nil {
			return err
		}
	}
	if s.best.Steps[at].Clock == nil {
		return nil
	}
	_, err := ddmin.Number(int(s.best.Steps[at].Clock.Advance/time.Hour), 1, func(hours int) (bool, error) {
		return s.changed(at, func(step *plan.Step) { step.Clock.Advance = time.Duration(hours) * time.Hour })
	})
	return err
}

// plainMail lets mail arrive where users were to do this and that: nothing is easier to
// follow.
func (s *search) plainMail(at int) error {
	work := s.best.Steps[at].Work
	if work == nil {
		return nil
	}
	_, err := s.changed(at, func(step *plan.Step) {
		*step = plan.Step{Kind: plan.KindDeliver, Pos: step.Pos, Deliver: &plan.Deliver{To: slices.Clone(work.Accounts), Count: work.Operations}}
	})
	return err
}

// oneFault names a fault that was to be drawn from several.
func (s *search) oneFault(at int) error {
	f := s.best.Steps[at].Fault
	if f == nil {
		return nil
	}
	for _, drawn := range f.Any {
		failed, err := s.changed(at, func(step *plan.Step) { step.Fault.Name, step.Fault.Any = drawn.Fault, nil })
		if failed || err != nil {
			return err
		}
	}
	return nil
}

// fewerNames lets a step be about fewer accounts; and about all of the plan's, where that
// fails as well, since then it need not list them.
func (s *search) fewerNames(at int) error {
	whose := s.best.Steps[at].Whose()
	if whose == nil || slices.Equal(*whose, s.best.Accounts) {
		return nil
	}
	failed, err := s.changed(at, func(step *plan.Step) { *step.Whose() = slices.Clone(s.best.Accounts) })
	if failed || err != nil {
		return err
	}
	_, err = ddmin.List(*whose, func(rest []string) (bool, error) {
		if len(rest) == 0 {
			return false, nil
		}
		return s.changed(at, func(step *plan.Step) { *step.Whose() = slices.Clone(rest) })
	})
	return err
}

// fewerOperations lets users do only what it takes.
func (s *search) fewerOperations(at int) error {
	work := s.best.Steps[at].Work
	if work == nil || len(work.Only) == 1 {
		return nil
	}
	choice := work.Only
	if len(choice) == 0 {
		choice = s.o.Names.Operations
	}
	for _, op := range choice {
		failed, err := s.changed(at, func(step *plan.Step) { step.Work.Only = []string{op} })
		if failed || err != nil {
			return err
		}
	}
	_, err := ddmin.List(choice, func(rest []string) (bool, error) {
		if len(rest) < 2 {
			return false, nil
		}
		return s.changed(at, func(step *plan.Step) { step.Work.Only = slices.Clone(rest) })
	})
	return err
}

// defaults leaves out how much and how long, where the defaults do as well.
func (s *search) defaults(at int) error {
	changes := []func(*plan.Step){}
	switch step := s.best.Steps[at]; {
	case step.Wait != nil:
		changes = append(changes, func(s *plan.Step) { s.Wait.Within = 30 * time.Second })
	case step.Restore != nil:
		changes = append(changes, func(s *plan.Step) { s.Restore.Workers = 4 }, func(s *plan.Step) { s.Restore.Policy = "restore" })
	case step.Fault != nil:
		changes = append(changes, func(s *plan.Step) { s.Fault.By = 0 }, func(s *plan.Step) { s.Fault.Rate = 0 }, func(s *plan.Step) { s.Fault.Loss = 0 })
	}
	for _, change := range changes {
		if _, err := s.changed(at, change); err != nil {
			return err
		}
	}
	return nil
}
