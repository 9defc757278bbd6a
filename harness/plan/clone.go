package plan

import (
	"bytes"
	"slices"
)

// Clone returns a copy that shares nothing with the plan.
func (p *Plan) Clone() *Plan {
	c := *p
	c.Accounts = slices.Clone(p.Accounts)
	c.Steps = make([]Step, len(p.Steps))
	for i, s := range p.Steps {
		c.Steps[i] = s.clone()
	}
	c.Expect = Expect{Marks: slices.Clone(p.Expect.Marks), Properties: slices.Clone(p.Expect.Properties)}
	if c.Fails = cloned(p.Fails); c.Fails != nil {
		c.Fails.Properties, c.Fails.Marks = slices.Clone(p.Fails.Properties), slices.Clone(p.Fails.Marks)
	}
	c.text = bytes.Clone(p.text)
	return &c
}

func (s Step) clone() Step {
	c := Step{
		Kind: s.Kind, Pos: s.Pos,
		Deliver: cloned(s.Deliver), Append: cloned(s.Append), Expunge: cloned(s.Expunge), Wait: cloned(s.Wait),
		Fault: cloned(s.Fault), Freeze: cloned(s.Freeze), Promote: cloned(s.Promote), Rescue: cloned(s.Rescue),
		Detect: cloned(s.Detect), Restore: cloned(s.Restore), Seed: cloned(s.Seed), Work: cloned(s.Work),
		Rules: cloned(s.Rules), Clock: cloned(s.Clock), Expire: cloned(s.Expire), Resync: cloned(s.Resync), Failback: cloned(s.Failback),
	}
	for _, list := range c.lists() {
		*list = slices.Clone(*list)
	}
	if c.Fault != nil {
		c.Fault.Any = slices.Clone(c.Fault.Any)
	}
	return c
}

// cloned copies what a step holds; nil stays nil.
func cloned[T any](held *T) *T {
	if held == nil {
		return nil
	}
	c := *held
	return &c
}

// lists are the lists of names in a step.
func (s *Step) lists() []*[]string {
	lists := []*[]string{}
	if accounts := s.Whose(); accounts != nil {
		lists = append(lists, accounts)
	}
	if s.Work != nil {
		lists = append(lists, &s.Work.Only)
	}
	return lists
}

// Whose returns the accounts that a step lists, for reading and changing; nil for a
// step that lists none.
func (s *Step) Whose() *[]string {
	switch {
	case s.Deliver != nil:
		return &s.Deliver.To
	case s.Fault != nil:
		return &s.Fault.Accounts
	case s.Work != nil:
		return &s.Work.Accounts
	case s.Rules != nil:
		return &s.Rules.Accounts
	}
	return nil
}

// Who returns the one account that a step names, for reading and changing; nil for a
// step that names none.
func (s *Step) Who() *string {
	switch {
	case s.Append != nil:
		return &s.Append.Account
	case s.Expunge != nil:
		return &s.Expunge.Account
	}
	return nil
}

// Reread returns the plan as it would be read from its canonical text, with that text and
// its places, or [Errors] where a plan that a program put together or changed cannot be
// carried out.
func Reread(p *Plan, names Names) (*Plan, error) { return Parse(p.File, Format(p), names) }

// Misplaced returns the steps that cannot be carried out where they stand, by number from
// 0, each with the first reason; its line is the step's number from 1. Of the later ones
// some may only be wrong because an earlier one is.
func Misplaced(p *Plan, names Names) map[int]*Error {
	wrong := map[int]*Error{}
	w := newWalk(names)
	for i, s := range p.Clone().Steps {
		s.place(Pos{Line: i + 1, Column: 1})
		before := len(w.errs)
		if w.step(s); len(w.errs) > before {
			wrong[i] = w.errs[before]
		}
	}
	return wrong
}

// place puts a step, and what it names, somewhere.
func (s *Step) place(at Pos) {
	s.Pos = at
	if s.Fault == nil {
		return
	}
	s.Fault.Name.Pos = at
	for i := range s.Fault.Any {
		s.Fault.Any[i].Fault.Pos = at
	}
}
