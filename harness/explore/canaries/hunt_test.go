package canaries_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/explore"
	"github.com/cyrdrill/cyrdrill/harness/fault"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/score"
	"github.com/cyrdrill/cyrdrill/harness/traffic"
)

// verdicts are the sorts of failure that kill: what a property says, and what of a
// detector is false, or missing. That a step fails, or a mark is missed, tells less.
var verdicts = []explore.Sort{explore.BrokenProperty, explore.FalseAlarm, missedDamage}

// kill is what killed a canary.
type kill struct {
	drills  int // until then
	plan    *plan.Plan
	failure explore.Failure
}

// huntSeed is that of the plans that are drawn: each canary meets the same ones.
const huntSeed = 1

// draw returns the plan of a drill, the first of which is 0. Of four one may have all that
// there is, one leans towards faults that detectors look for, and two towards the incident
// of 2006, and what users seldom do.
func draw(i int) (*plan.Plan, error) {
	limits := explore.Limits{Suites: []string{"bookworm", "trixie"}}
	var lean explore.Lean
	switch i % 4 {
	case 1, 3:
		limits.Faults = incidentFaults()
		lean = explore.Lean{
			"fault": 60, "work": 40, "disaster": 15, "expire": 2, "look": 0.1, "swap": 0.1, "wait": 0.1, "clock": 0.3,
			"rename": 3, "delete": 3, "unsubscribe": 3, "setquota": 3, "setacl": 3, "setannotation": 2, "expunge": 2, "flag": 2, "create": 2,
		}
	case 2:
		lean = explore.Lean{"fault": 30, "look": 30, "work": 3, "wait": 3, "rules": 2, "disaster": 0.1, "swap": 0.1, "expire": 0.3, "clock": 0.3}
	}
	p := explore.Draw(huntSeed, uint64(i), lean, limits)
	if i%4 != 3 || p.Steps[0].Seed == nil {
		return p, nil
	}
	// The first mailboxes are those that rules need, which nobody renames or deletes.
	p.Steps[0].Seed.Mailboxes += len(traffic.RuleMailboxes())
	return explore.Finish(p)
}

// incidentFaults are those after which a restore has much to do, and can do it: what one
// server loses the other has.
func incidentFaults() []string {
	return []string{
		"replication-stopped", "replication-lost", "sync-client-given-up", "index-truncated", "script-stale", "compiled-script-stale",
	}
}

// errSurvives says that no drill has killed the canary.
var errSurvives = errors.New("it survives: properties, the generator of plans or the detectors have a hole")

// hunt explores with a canary until a drill fails that passes without it.
func hunt(ctx context.Context, t testing.TB, b bird, most int) (kill, error) {
	for i := range most {
		p, failures, err := try(ctx, t, b, i)
		if ctx.Err() != nil {
			return kill{}, fmt.Errorf("%w; the time was up after %d drills", errSurvives, i)
		}
		if err != nil || len(failures) > 0 {
			return kill{drills: i + 1, plan: p, failure: append(failures, explore.Failure{})[0]}, err
		}
	}
	return kill{}, fmt.Errorf("%w; %d drills were made", errSurvives, most)
}

// try makes one drill with a canary, and returns what kills it. A drill that is not of a
// plan has none.
func try(ctx context.Context, t testing.TB, b bird, i int) (*plan.Plan, []explore.Failure, error) {
	if b.drill == nil {
		p, err := draw(i)
		if err != nil {
			return nil, nil, err
		}
		failures, err := killers(ctx, t, b, p)
		return p, failures, err
	}
	failures, err := b.drill(t, i, b.plant(t))
	if err != nil || len(failures) == 0 {
		return nil, nil, err
	}
	baseline, err := b.drill(t, i, planted{})
	if err != nil || len(baseline) > 0 {
		return nil, nil, err
	}
	return nil, failures, nil
}

// killers returns the failures by which a plan kills a canary: none where it fails
// without one as well.
func killers(ctx context.Context, t testing.TB, b bird, p *plan.Plan) ([]explore.Failure, error) {
	if b.in != "" && !slices.ContainsFunc(p.Steps, func(s plan.Step) bool { return s.Kind == b.in }) {
		return nil, nil // the canary does not come into it
	}
	p = b.holdTo(p)
	failures, err := b.failuresOf(ctx, p, b.plant(t))
	failures = slices.DeleteFunc(failures, func(f explore.Failure) bool { return !slices.Contains(verdicts, f.Sort) })
	if err != nil || len(failures) == 0 {
		return nil, err
	}
	baseline, err := b.failuresOf(ctx, p, planted{})
	if err != nil || len(baseline) > 0 {
		return nil, err
	}
	return failures, nil
}

// holdTo returns a plan that expects the property to which the canary's drills are held.
func (b bird) holdTo(p *plan.Plan) *plan.Plan {
	if b.held == nil || slices.ContainsFunc(p.Expect.Properties, func(ref plan.Ref) bool { return ref.Name == b.held.Name() }) {
		return p
	}
	holding := *p
	holding.Expect.Properties = append(slices.Clone(p.Expect.Properties), plan.Ref{Name: b.held.Name()})
	return &holding
}

// failuresOf runs a plan, and returns all that failed in it.
func (b bird) failuresOf(ctx context.Context, p *plan.Plan, with planted) ([]explore.Failure, error) {
	pair, err := with.target().NewPair(ctx, drill.Spec(p))
	if err != nil {
		return nil, err
	}
	options := drill.Options{Target: "sim"}
	if with.logic != nil {
		options.Logic = with.logic(pair)
	}
	result, _ := drill.Run(ctx, p, pair, options)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	failures := append(explore.Judge(p, result), missed(p, result)...)
	for _, outcome := range result.Properties {
		if b.held != nil && outcome.Name == b.held.Name() && outcome.Verdict == property.Fail {
			failures = append(failures, explore.Failure{Sort: explore.BrokenProperty, Name: outcome.Name, Text: outcome.Violations[0].Text})
		}
	}
	return failures, nil
}

// missedDamage is a failure of a detector: it looked, and said nothing of what it
// promises to find.
const missedDamage explore.Sort = "missed"

// missed returns the damage that is live at the end, that a detector has to claim, and
// of which one that looked at both servers after it was done says nothing.
func missed(p *plan.Plan, result *drill.Result) []explore.Failure {
	var failures []explore.Failure
	for _, f := range result.Faults {
		if f.State != fault.Live {
			continue
		}
		for _, d := range f.Damage {
			for _, name := range lookedSince(p, result, f.Step) {
				found := slices.ContainsFunc(result.Findings, func(of detect.Finding) bool { return of.Detector == name && score.Matches(of, d) })
				if !found && slices.Contains(score.Minimum()[name], d.Kind) {
					failures = append(failures, explore.Failure{Sort: missedDamage, Name: name, Shape: string(d.Kind), Text: fmt.Sprintf("it missed %s at %s", d.Kind, d.Place)})
				}
			}
		}
	}
	return failures
}

// lookedSince returns the detectors that have looked at both servers after a step.
func lookedSince(p *plan.Plan, result *drill.Result, step int) []string {
	var names []string
	for i, s := range p.Steps {
		done := i < len(result.Steps) && result.Steps[i].Status == drill.StepDone
		if i >= step && done && s.Kind == plan.KindDetect && s.Detect.Sides == plan.PairNow {
			names = append(names, s.Detect.Detector.Name)
		}
	}
	return names
}
