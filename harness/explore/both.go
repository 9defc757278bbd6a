package explore

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/property"
)

// OnBoth runs each plan on two targets, the model first. What the real one shows is what
// the run showed, and what the model did stands beside it.
func OnBoth(model, real Run) Run {
	return func(ctx context.Context, p *plan.Plan) (Shown, error) {
		modelled, err := model(ctx, p)
		if err != nil {
			return modelled, err
		}
		shown, err := real(ctx, p)
		shown.Model = modelled.Result
		return shown, err
	}
}

// JudgeBoth is [Judge] of both runs, and beside that a failure wherever the two do not
// show the same: another verdict, other broken properties, marks, or findings.
func JudgeBoth(p *plan.Plan, shown Shown) []Failure {
	failures := Judge(p, shown.Result)
	if shown.Model == nil {
		return failures
	}
	failures = append(failures, Judge(p, shown.Model)...)
	for _, aspect := range []struct {
		name string
		of   func(*drill.Result) map[string]bool
	}{{"verdict", verdictOf}, {"broken properties", brokenIn}, {"marks", marksIn}, {"findings", findingsIn}} {
		modelled, real := aspect.of(shown.Model), aspect.of(shown.Result)
		if only := lacking(modelled, real); only != "" {
			failures = append(failures, failure(Difference, aspect.name, fmt.Sprintf("%s shows %s, and %s does not", shown.Model.Target, only, shown.Target)))
		}
		if only := lacking(real, modelled); only != "" {
			failures = append(failures, failure(Difference, aspect.name, fmt.Sprintf("%s shows %s, and %s does not", shown.Target, only, shown.Model.Target)))
		}
	}
	return failures
}

// lacking names what the one has and the other has not.
func lacking(has, lacks map[string]bool) string {
	var only []string
	for _, name := range slices.Sorted(maps.Keys(has)) {
		if !lacks[name] {
			only = append(only, name)
		}
	}
	return strings.Join(only, ", ")
}

func verdictOf(r *drill.Result) map[string]bool { return map[string]bool{string(r.Verdict): true} }

func brokenIn(r *drill.Result) map[string]bool {
	broken := map[string]bool{}
	for _, o := range r.Properties {
		if o.Verdict == property.Fail {
			broken[o.Name] = true
		}
	}
	return broken
}

func marksIn(r *drill.Result) map[string]bool {
	marks := map[string]bool{}
	for _, m := range r.Marks {
		if m.Reached {
			marks[m.Name] = true
		}
	}
	return marks
}

// findingsIn are findings without UIDs: which of the last messages had been replicated
// when a server died is chance.
func findingsIn(r *drill.Result) map[string]bool {
	found := map[string]bool{}
	for _, f := range r.Findings {
		found[strings.Join([]string{f.Detector, string(f.Kind), string(f.Server), f.Account, f.Mailbox}, "|")] = true
	}
	return found
}
