package drill

import (
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/fault"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Spec says what pair a plan needs: its Cyrus, its accounts, and what the faults that it
// may inject ask for.
func Spec(p *plan.Plan) target.Spec {
	return target.Spec{
		Seed: p.Seed, Suite: p.Pair.Cyrus, Accounts: p.Accounts, RepeatInterval: p.Pair.RepeatInterval,
		MovingClock: movesClock(p), SmallDisk: mayBe(p, func(e fault.Effects) bool { return e.NeedsSmallDisk }),
	}
}

// movesClock says whether a plan needs servers whose clocks can be moved.
func movesClock(p *plan.Plan) bool {
	return slices.ContainsFunc(p.Steps, func(s plan.Step) bool { return s.Kind == plan.KindClock }) ||
		mayBe(p, func(e fault.Effects) bool { return e.NeedsMovingClock })
}

// mayBe says whether any fault that a plan may inject has such effects.
func mayBe(p *plan.Plan, has func(fault.Effects) bool) bool {
	for _, s := range p.Steps {
		if s.Fault == nil {
			continue
		}
		for _, ref := range s.Fault.Names() {
			if f, ok := fault.ByName(ref.Name); ok && has(f.Effects()) {
				return true
			}
		}
	}
	return false
}
