package reduce

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/property"
)

// Failure tells one bug from another: what was broken, sorted. It is empty where nothing
// was. An entry is a property's name or, where no property was broken, "mark NAME" for a
// mark that was missed or else "step KIND" for a step that could not be carried out. A
// [Run] of one's own may use other words.
type Failure []string

// String returns what was broken, in a line.
func (f Failure) String() string { return strings.Join(f, ", ") }

// Same says whether both are one failure; two that are none are not.
func (f Failure) Same(other Failure) bool { return len(f) > 0 && slices.Equal(f, other) }

// properties returns those of the names that are properties.
func (f Failure) properties() []string {
	return slices.DeleteFunc(slices.Clone(f), func(name string) bool { return strings.Contains(name, " ") })
}

// Outcome is what one run of a plan showed.
type Outcome struct {
	Failure Failure // empty: the plan did not fail
	Says    string  // what was wrong, in a line
	Marks   []string
}

// OutcomeOf reads the outcome from a drill's result.
func OutcomeOf(r *drill.Result) Outcome {
	var o Outcome
	var missed []string
	for _, p := range r.Properties {
		if p.Verdict != property.Fail {
			continue
		}
		if o.Failure = append(o.Failure, p.Name); o.Says == "" {
			o.Says = fmt.Sprintf("%s: %s", p.Name, p.Violations[0])
		}
	}
	for _, m := range r.Marks {
		if m.Reached {
			o.Marks = append(o.Marks, m.Name)
		} else {
			missed = append(missed, "mark "+m.Name)
		}
	}
	// Steps that were skipped reach no marks: the step that failed is the failure then.
	if len(o.Failure) == 0 {
		for _, s := range r.Steps {
			if s.Status == drill.StepFailed && o.Says == "" {
				o.Failure, o.Says = Failure{"step " + s.Kind}, s.Error
			}
		}
	}
	if len(o.Failure) == 0 && len(missed) > 0 {
		o.Failure, o.Says = missed, "it does not reach "+strings.Join(missed, ", ")
	}
	slices.Sort(o.Failure)
	return o
}

// Rate is how often a plan failed in the same way.
type Rate struct{ Failed, Runs int }

// String returns "3 of 5".
func (r Rate) String() string { return fmt.Sprintf("%d of %d", r.Failed, r.Runs) }

// mostTries bounds how often one plan is tried, however seldom it fails.
const mostTries = 20

// tries is how often a plan that fails at this rate is to be run until it has failed
// once with nine chances of ten.
func (r Rate) tries() int {
	if r.Failed == r.Runs {
		return 1
	}
	holds := 1 - float64(r.Failed)/float64(r.Runs)
	return min(mostTries, int(math.Ceil(math.Log(0.1)/math.Log(holds))))
}
