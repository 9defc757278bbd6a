package canaries_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/explore"
	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/restore/estimate"
	"github.com/cyrdrill/cyrdrill/harness/restore/restoretest"
)

// countedAlone is an engine that estimates by the number of messages that are left, as
// was done in 2006.
func countedAlone(tb testing.TB) planted {
	return engine(func(_ *restore.Scene, _ restore.Plan, o *restore.Options) {
		tell := o.Observe
		if tell == nil {
			return
		}
		var began time.Time
		o.Observe = func(p restore.Progress) {
			if began.IsZero() {
				began = p.At
			}
			if done := p.Done.Messages; done > 0 {
				p.Remaining.Time = time.Duration(float64(p.At.Sub(began)) * float64(p.Total.Messages-done) / float64(done))
			}
			tell(p)
		}
	})(tb)
}

// costly is a drill of its own sort: a restore of what some accounts miss, most of them a
// few small messages and some many large ones, on a server that takes time for each
// message and each byte. Drills on the simulator are over too soon for an estimate to
// matter.
func costly(t testing.TB, i int, with planted) ([]explore.Failure, error) {
	chance := rand.New(rand.NewPCG(huntSeed, uint64(i)))
	lost := make([]restoretest.Lost, 40+chance.IntN(40))
	for n := range lost {
		lost[n] = restoretest.Lost{Account: fmt.Sprintf("a%03d", n), Messages: 5 + chance.IntN(30), Bytes: 1500 + chance.IntN(3000)}
		if chance.IntN(6) == 0 {
			lost[n].Messages, lost[n].Bytes = 40+chance.IntN(40), 12_000+chance.IntN(20_000)
		}
	}
	in := restoretest.Lose(t, uint64(i), lost).ByAppend()
	plan, err := restore.CopyMissing{}.Plan(t.Context(), in.Scene)
	if err != nil {
		return nil, err
	}
	cost := estimate.Cost{PerMessage: 5e-3, PerByte: 4e-7}
	in.Scene.Serving = &restoretest.Costly{Server: in.Scene.Serving, Clock: in.Scene.Clock, Cost: func(estimate.Work) estimate.Cost { return cost }}
	var seen []restore.Progress
	apply := restore.Apply
	if with.logic != nil {
		apply = with.logic(in.Pair).Apply
	}
	if _, err := apply(t.Context(), in.Scene, plan, restore.Options{Workers: 1 + chance.IntN(4), Observe: func(p restore.Progress) { seen = append(seen, p) }}); err != nil {
		return nil, err
	}
	scene, ended := property.Scene{}, in.Scene.Clock.Now()
	for _, p := range seen {
		scene.Estimates = append(scene.Estimates, property.Estimate{
			Restorer: plan.Restorer, Share: p.Share, Since: p.Share, Told: p.Remaining.Time, Left: ended.Sub(p.At), Whole: ended.Sub(seen[0].At),
		})
	}
	outcome := property.Repeatable{}.Check(scene)
	if outcome.Verdict == property.Pass {
		return nil, nil
	}
	failure := explore.Failure{Sort: explore.BrokenProperty, Name: outcome.Name, Text: fmt.Sprint(outcome.Verdict, outcome.Unknown)}
	if len(outcome.Violations) > 0 {
		failure.Text = outcome.Violations[0].Text
	}
	return []explore.Failure{failure}, nil
}
