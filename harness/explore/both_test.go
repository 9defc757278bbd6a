package explore

import (
	"context"
	"slices"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/sim"
)

// Two runs of one model do not differ; where the one is not what it was, each aspect says
// so.
func TestBothDiffer(t *testing.T) {
	pool := NewPool(sim.New(), 2)
	t.Cleanup(func() {
		if err := pool.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
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

// A pair of the pool is as good as a new one, whatever the plan before has left.
func TestPoolLendsPairsAsNew(t *testing.T) {
	pool := NewPool(sim.New(), 1)
	broken := written(t, "deliver", "fault: {name: mailbox-list-emptied}", kill)
	well := written(t, "deliver: {count: 2}", "wait: {until: replicated}")
	for i := range 3 {
		if _, err := pool.Run(t.Context(), broken); err != nil {
			t.Fatal(err)
		}
		shown, err := pool.Run(t.Context(), well)
		if err != nil {
			t.Fatal(err)
		}
		if failures := Judge(well, shown.Result); len(failures) > 0 || Void(shown.Result) {
			t.Fatalf("round %d: on a lent pair: %v, %v", i, failures, shown.Reasons)
		}
		if len(pool.idle) != 1 {
			t.Fatalf("%d pairs lie idle", len(pool.idle))
		}
	}
	if err := pool.Close(t.Context()); err != nil || len(pool.idle) > 0 {
		t.Errorf("closed: %v, %d idle", err, len(pool.idle))
	}
}
