package drill

import (
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/traffic"
)

// judge holds the properties against what users can read now, and concludes. The entries
// are the ledger's, which by now is whole.
func (r *run) judge(ctx context.Context, entries []traffic.Entry) {
	r.result.Marks = r.markResults()
	for _, f := range r.faults {
		r.result.Faults = append(r.result.Faults, f.result)
	}
	if r.result.Faults == nil {
		r.result.Faults = []FaultResult{}
	}
	for _, e := range entries {
		r.result.count(e)
	}
	var failures, unknowns []string
	if r.failed {
		unknowns = append(unknowns, r.result.Reasons...)
		r.result.Reasons = nil
		for _, ref := range r.plan.Expect.Properties {
			r.notJudged(ref.Name, "the drill did not get to its end")
		}
	} else {
		failures, unknowns = r.checkProperties(ctx)
		for _, mark := range r.result.Marks {
			if !mark.Reached {
				failures = append(failures, fmt.Sprintf("mark %s was not reached: the drill did not test what it promised to", mark.Name))
			}
		}
		unknowns = append(unknowns, r.result.Reasons...)
	}
	if err := r.ledger.Check(); err != nil {
		failures, unknowns = nil, append([]string{err.Error()}, unknowns...)
	}
	if err := r.ledger.Err(); err != nil {
		failures, unknowns = nil, append([]string{err.Error()}, unknowns...)
	}
	r.result.Verdict, r.result.Reasons = conclude(failures, unknowns)
	r.expect(ctx)
	r.addHistories()
	r.result.Accounts = r.accountOutcomes()
}

// conclude: what is known to be wrong outweighs what is not known.
func conclude(failures, unknowns []string) (property.Verdict, []string) {
	switch {
	case len(failures) > 0:
		return property.Fail, append(failures, unknowns...)
	case len(unknowns) > 0:
		return property.Unknown, unknowns
	default:
		return property.Pass, nil
	}
}

func (r *run) checkProperties(ctx context.Context) (failures, unknowns []string) {
	ctx, cancel := context.WithTimeout(ctx, stepWithin)
	defer cancel()
	scene, err := r.readScene(ctx)
	if err != nil {
		for _, ref := range r.plan.Expect.Properties {
			r.notJudged(ref.Name, err.Error())
		}
		return nil, []string{err.Error()}
	}
	for _, ref := range r.plan.Expect.Properties {
		p, ok := property.ByName(ref.Name)
		if !ok {
			unknowns = append(unknowns, "no such property: "+ref.Name)
			continue
		}
		outcome := p.Check(scene)
		r.result.Properties = append(r.result.Properties, outcome)
		r.emit(EventProperty, outcome.Verdict != property.Pass, "property %d (%s): %s, %d promises checked", outcome.Number, outcome.Name, outcome.Verdict, outcome.Checked)
		switch outcome.Verdict {
		case property.Fail:
			failures = append(failures, fmt.Sprintf("property %d (%s) is broken %s: %s", outcome.Number, outcome.Name, outcome.Broken(), outcome.Violations[0]))
		case property.Unknown:
			unknowns = append(unknowns, fmt.Sprintf("property %d (%s) could not be judged: %s", outcome.Number, outcome.Name, outcome.Unknown[0]))
		}
	}
	return failures, unknowns
}

func (r *run) notJudged(name, why string) {
	p, ok := property.ByName(name)
	if !ok {
		return
	}
	r.result.Properties = append(r.result.Properties, property.Result{Number: p.Number(), Name: name, Verdict: property.Unknown, Unknown: []string{why}})
}

func (res *Result) count(e traffic.Entry) {
	if e.Again {
		return // the same delivery, tried once more
	}
	tally := res.Traffic[e.Op]
	tally.Add(e.Outcome)
	res.Traffic[e.Op] = tally
}
