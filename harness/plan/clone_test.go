package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// A clone is equal, and whatever becomes of it the plan stays as it was.
func TestCloneSharesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPlan(t)
		before := string(Format(p))
		c := p.Clone()
		if diff := cmp.Diff(p, c, cmpopts.IgnoreUnexported(Plan{}), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("the clone differs: %s", diff)
		}
		c.Accounts[0], c.Expect.Properties[0].Name = "changed", "changed"
		for i := range c.Steps {
			s := &c.Steps[i]
			if whose := s.Whose(); whose != nil && len(*whose) > 0 {
				(*whose)[0] = "changed"
			}
			if who := s.Who(); who != nil {
				*who = "changed"
			}
			if s.Work != nil && len(s.Work.Only) > 0 {
				s.Work.Only[0] = "changed"
			}
			if s.Fault != nil && len(s.Fault.Any) > 0 {
				s.Fault.Any[0].Weight = -1
			}
		}
		if after := string(Format(p)); after != before {
			t.Fatalf("a change of the clone changed the plan:\n%s\nwas\n%s", after, before)
		}
	})
}

// What Misplaced finds is what Parse complains of, step by step.
func TestMisplaced(t *testing.T) {
	const text = `apiVersion: cyrdrill/v1
name: taken-apart
title: A step was taken away, and others hung on it
accounts: [alice]
steps:
  - deliver: {count: 2}
  - fault: {name: log-cut, on: master}
  - fault: {name: process-killed, on: master}
  - freeze
  - promote
  - rescue
expect:
  properties: [no-loss]
`
	p, err := Parse("p.yaml", []byte(text), testNames)
	if err != nil {
		t.Fatal(err)
	}
	if wrong := Misplaced(p, testNames); len(wrong) != 0 {
		t.Fatalf("in a good plan: %v", wrong)
	}
	p.Steps = append(p.Steps[:2], p.Steps[3:]...)
	wrong := Misplaced(p, testNames)
	if len(wrong) != 2 || wrong[3] == nil || wrong[4] == nil {
		t.Errorf("without the master's death promote and rescue (3, 4) cannot be: %v", wrong)
	}
	if _, err := Reread(p, testNames); err == nil {
		t.Error("and yet it is read")
	}
}
