package drill

import (
	"time"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/traffic"
)

// NotStarted is the result of a drill that got no pair: nothing was done, so
// nothing is known. Interrupted says that it was ended from outside.
func NotStarted(p *plan.Plan, targetName string, why error, interrupted bool) *Result {
	r := &Result{
		APIVersion: ResultVersion, Plan: p.Name, Title: p.Title, Description: p.Description, Target: targetName, Seed: p.Seed,
		Verdict: property.Unknown, Reasons: []string{"there was no pair to drill: " + why.Error()}, Interrupted: interrupted,
		Faults: []FaultResult{}, Findings: []detect.Finding{}, Restores: []RestoreResult{}, Marks: []MarkResult{},
		Properties: []property.Result{}, Traffic: map[traffic.Op]traffic.Tally{}, StartedAt: time.Now().UTC(),
	}
	for i, step := range p.Steps {
		r.Steps = append(r.Steps, StepResult{Number: i + 1, Kind: string(step.Kind), Line: step.Pos.Line, Status: StepSkipped})
	}
	for _, ref := range p.Expect.Marks {
		r.Marks = append(r.Marks, MarkResult{Name: ref.Name})
	}
	for _, ref := range p.Expect.Properties {
		if known, ok := property.ByName(ref.Name); ok {
			r.Properties = append(r.Properties, property.Result{
				Number: known.Number(), Name: known.Name(), Verdict: property.Unknown, Unknown: []string{"the drill did not start"},
			})
		}
	}
	return r
}
