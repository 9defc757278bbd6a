package reduce

import (
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/plan"
)

// narrow lets the plan expect no more than what is broken: from then on what else a
// smaller plan breaks does not matter, and repairs that are for others may go.
func (s *search) narrow() error {
	p := s.best.Clone()
	marks := slices.ContainsFunc(s.want, func(name string) bool { return len(name) > 5 && name[:5] == "mark " })
	if !marks {
		p.Expect.Marks = nil
	}
	if broken := s.want.properties(); len(broken) > 0 {
		p.Expect.Properties = slices.DeleteFunc(p.Expect.Properties, func(ref plan.Ref) bool { return !slices.Contains(broken, ref.Name) })
	}
	_, err := s.fails(p)
	return err
}

// names are what a reduced plan's accounts are called.
var names = []string{"alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy"}

// tidy makes the plan look like others, where it fails all the same: no interval, the
// first seed, and accounts of the usual names.
func (s *search) tidy() error {
	for _, change := range []func(*plan.Plan){
		func(p *plan.Plan) { p.Pair.RepeatInterval = 0 },
		func(p *plan.Plan) { p.Seed = 1 },
		rename,
	} {
		p := s.best.Clone()
		change(p)
		if _, err := s.failsAsIs(p); err != nil {
			return err
		}
	}
	return nil
}

func rename(p *plan.Plan) {
	if len(p.Accounts) > len(names) {
		return
	}
	called := map[string]string{}
	for i, name := range p.Accounts {
		called[name] = names[i]
		p.Accounts[i] = names[i]
	}
	for i := range p.Steps {
		step := &p.Steps[i]
		if who := step.Who(); who != nil {
			*who = called[*who]
		}
		if whose := step.Whose(); whose != nil {
			for at, name := range *whose {
				(*whose)[at] = called[name]
			}
		}
	}
}
