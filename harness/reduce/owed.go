package reduce

import (
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/plan"
)

// owes says whether some of a plan's steps were taken away without which it would fail
// for want of them: a repair of what still breaks, or a wait for mail that is still sent
// before something breaks. Of such a plan nobody could say what its failure shows.
func owes(original, left []plan.Step, failure Failure) bool {
	has := map[int]bool{}
	for _, s := range left {
		has[s.Pos.Line] = true
	}
	broken := false // by a fault that is left, since the last resync
	for i, s := range original {
		switch {
		case s.Kind == plan.KindFault:
			broken = broken || has[s.Pos.Line]
		case s.Kind == plan.KindWait:
			if !has[s.Pos.Line] && waitOwed(original, i, has) {
				return true
			}
		case mends(s, failure) && !has[s.Pos.Line] && broken:
			return true
		}
		if s.Kind == plan.KindResync && has[s.Pos.Line] {
			broken = false
		}
	}
	return false
}

// mends says whether a step may have to mend what the failure is about.
func mends(s plan.Step, failure Failure) bool {
	switch {
	case !repairs(s):
		return false
	case s.Restore != nil:
		return bears(bearing(s.Restore.Restorer.Name), failure)
	case s.Detect != nil:
		return bears(bearing(s.Detect.Detector.Name), failure)
	case s.Resync != nil:
		return bears([]string{"convergence"}, failure)
	}
	return true
}

// repairs says whether a step is one of those by which an incident is found and mended.
func repairs(s plan.Step) bool {
	switch s.Kind {
	case plan.KindFault, plan.KindWait, plan.KindDeliver, plan.KindAppend, plan.KindExpunge, plan.KindSeed, plan.KindWork, plan.KindRules,
		plan.KindClock, plan.KindExpire, plan.KindFailback:
		return false
	}
	return true // also a kind that is new here
}

// bears says whether something that bears on these properties bears on the failure. Of
// what the project does not know everything is believed.
func bears(on []string, failure Failure) bool {
	if on == nil {
		return true
	}
	properties := failure.properties()
	if len(properties) < len(failure) {
		return true
	}
	return slices.ContainsFunc(properties, func(p string) bool { return slices.Contains(on, p) })
}

// bearing returns the properties that would be broken if a restorer or a detector were
// taken away from a plan that needs it; nil: any may be.
func bearing(name string) []string {
	switch name {
	case "copy-missing":
		return []string{"no-loss", "state-kept"}
	case "carry-expunges":
		return []string{"no-resurrection", "state-kept"}
	case "index-compare": // tells the two above what to do
		return []string{"no-loss", "no-resurrection", "state-kept"}
	case "merge-flags":
		return []string{"state-kept"}
	case "merge-settings":
		return []string{"state-kept", "isolation", "access"}
	case "restore-scripts", "script-compare":
		return []string{"rules-current"}
	case "client-caches":
		return []string{"imap-promises"}
	case "monitor", "health", "log-watch", "crash-watch", "status-compare", "list-compare", "body-compare", "body-sample", "spool-check":
		return []string{} // they only look, and no restorer asks them
	}
	return nil
}

// waitOwed says whether a wait that was taken away was one for something: for traffic
// that is left before it, before a fault or a change of roles or the end that comes next.
func waitOwed(original []plan.Step, at int, has map[int]bool) bool {
	return unsettledBefore(original[:at], has) && !settledAfter(original[at+1:], has)
}

// unsettledBefore says whether traffic or a fault is left since the last wait that is.
func unsettledBefore(steps []plan.Step, has map[int]bool) bool {
	for i := len(steps) - 1; i >= 0; i-- {
		switch s := steps[i]; {
		case !has[s.Pos.Line]:
		case s.Kind == plan.KindWait:
			return false
		case sends(s) || s.Kind == plan.KindFault:
			return true
		}
	}
	return false
}

// settledAfter says whether a wait, or the end, comes before anything that could need one.
func settledAfter(steps []plan.Step, has map[int]bool) bool {
	for _, s := range steps {
		switch {
		case !has[s.Pos.Line] || sends(s):
		case s.Kind == plan.KindWait:
			return true
		default:
			return false
		}
	}
	return true // the properties wait for themselves
}

// sends says whether users change anything in a step.
func sends(s plan.Step) bool {
	switch s.Kind {
	case plan.KindDeliver, plan.KindAppend, plan.KindExpunge, plan.KindWork, plan.KindRules:
		return true
	}
	return false
}
