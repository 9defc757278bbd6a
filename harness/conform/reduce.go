package conform

import (
	"errors"

	"github.com/cyrdrill/cyrdrill/harness/reduce/ddmin"
)

// errSpent ends a reduction whose runs are spent.
var errSpent = errors.New("the runs are spent")

// Reduce takes steps away from a plan for as long as differs says that what is
// left still differs, and returns the shortest plan that it came to within so many
// runs.
func Reduce(plan Plan, runs int, differs func(Plan) bool) Plan {
	with := func(steps []Step) Plan {
		return Plan{Because: plan.Because, Needs: plan.Needs, Suites: plan.Suites, Steps: steps}
	}
	steps, _ := ddmin.List(plan.Steps, func(rest []Step) (bool, error) { // its one error is that the runs are spent
		if runs == 0 {
			return false, errSpent
		}
		runs--
		return differs(with(rest)), nil
	})
	return with(steps)
}
