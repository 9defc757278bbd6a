package explore

import (
	"slices"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/sim"
)

// Two runs of one model do not differ; where the one is not what it was, each aspect says
// so.
func TestBothDiffer(t *testing.T) {
	same, other := OnBoth(OnTarget(sim.New()), OnTarget(sim.New())), OnBoth(OnTarget(sim.New()), planted())
	p := written(t, "fault: {name: replication-stopped}", "deliver", kill, "freeze", "promote", "rescue", compare, all)
	if shown, err := same(t.Context(), p); err != nil || len(JudgeBoth(p, shown)) > 0 {
		t.Errorf("alike they differ: %v, %v", JudgeBoth(p, shown), err)
	}
	shown, err := other(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"verdict", "broken properties", "marks"} {
		if !slices.ContainsFunc(JudgeBoth(p, shown), func(f Failure) bool { return f.Sort == Difference && f.Name == name }) {
			t.Errorf("another %s is no difference: %v", name, JudgeBoth(p, shown))
		}
	}
	less := *p
	less.Steps = slices.DeleteFunc(slices.Clone(p.Steps), func(s plan.Step) bool { return s.Kind == plan.KindDetect })
	blind, err := OnTarget(sim.New())(t.Context(), &less)
	if err != nil {
		t.Fatal(err)
	}
	if shown.Result = blind.Result; !slices.ContainsFunc(JudgeBoth(p, shown), func(f Failure) bool { return f.Sort == Difference && f.Name == "findings" }) {
		t.Error("other findings are no difference")
	}
}
