package conform

import "slices"

// Reduce takes steps away from a plan for as long as differs says that what is
// left still differs, and returns the shortest plan that it came to within so many
// runs. It is delta debugging of the list of steps: large parts first, since a run
// on real servers takes seconds.
func Reduce(plan Plan, runs int, differs func(Plan) bool) Plan {
	steps := plan.Steps
	for size := (len(steps) + 1) / 2; size >= 1 && runs > 0; {
		removed := false
		for at := 0; at < len(steps) && runs > 0; {
			rest := slices.Concat(steps[:at], steps[min(at+size, len(steps)):])
			runs--
			if differs(Plan{Because: plan.Because, Needs: plan.Needs, Suites: plan.Suites, Steps: rest}) {
				steps, removed = rest, true
				continue
			}
			at += size
		}
		if size == 1 && !removed {
			break
		}
		if !removed || size > len(steps) {
			size = max(1, size/2)
		}
	}
	return Plan{Because: plan.Because, Needs: plan.Needs, Suites: plan.Suites, Steps: steps}
}
