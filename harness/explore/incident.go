package explore

import (
	"slices"

	"pgregory.net/rapid"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/fault"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

type effectsOf = fault.Effects

// silences says whether damage keeps a server from answering.
func silences(kind target.Kind) bool {
	return kind == target.ServerDown || kind == target.ServerHung || kind == target.DiskReadOnly
}

// promotedNow says whether there is no replica at the end of what was drawn so far.
func (d *draft) promotedNow() bool {
	for _, s := range slices.Backward(d.plan.Steps) {
		switch {
		case s.Kind == plan.KindResync:
			return false
		case s.Kind == plan.KindPromote, s.Kind == plan.KindFault && effects(s.Fault.Name.Name).Promotes:
			return true
		}
	}
	return false
}

// killers are the faults by which a master can die.
func (d *draft) killers() []string {
	killers := []string{fault.ProcessKilled{}.Name()}
	for _, name := range d.swarm.Faults {
		if e := effects(name); e.KillsServer && !e.Promotes && d.possible(name, e) && !d.injected[injection{name, d.serving}] && !slices.Contains(killers, name) {
			killers = append(killers, name)
		}
	}
	return killers
}

// disaster draws a master's death, the promotion of its replica, and what is done about
// what was lost by that; sometimes all the way back to a pair.
func (d *draft) disaster() {
	if d.silent != [2]bool{} {
		d.work()
		return
	}
	if d.frozen = d.usually("freeze"); d.frozen && d.rarely("freeze first") {
		d.add(plan.Step{Kind: plan.KindFreeze, Freeze: &plan.Freeze{}})
	}
	hasty := fault.HastyFailover{}.Name()
	if slices.Contains(d.swarm.Faults, hasty) && d.possible(hasty, effects(hasty)) && !d.injected[injection{hasty, d.serving}] && d.sometimes("hasty") {
		d.inject(hasty, plan.Master)
		d.frozen = slices.ContainsFunc(d.plan.Steps, func(s plan.Step) bool { return s.Kind == plan.KindFreeze })
	} else {
		d.inject(rapid.SampledFrom(d.killers()).Draw(d.T, "killer"), plan.Master)
		if d.rarely("work refused") {
			d.work()
		}
		if d.frozen && d.plan.Steps[len(d.plan.Steps)-1].Kind != plan.KindFreeze && !d.frozenSinceResync() {
			d.add(plan.Step{Kind: plan.KindFreeze, Freeze: &plan.Freeze{}})
		}
		d.add(plan.Step{Kind: plan.KindPromote, Promote: &plan.Promote{Server: plan.Replica}})
	}
	d.silent, d.serving = [2]bool{false, true}, 1-d.serving
	d.frozen = d.frozenSinceResync()
	d.emergency()
	if d.usually("rescue") {
		d.add(plan.Step{Kind: plan.KindRescue, Rescue: &plan.Rescue{Server: plan.OldMaster}})
		d.silent[1] = false
		d.repair()
		if d.usually("resync") {
			d.add(plan.Step{Kind: plan.KindResync, Resync: &plan.Resync{Server: plan.OldMaster}})
			d.silent, d.stopped, d.frozen, d.injected = [2]bool{}, false, false, map[injection]bool{}
			return
		}
	}
	for len(d.plan.Steps) < d.swarm.Steps && d.usually("life goes on") {
		d.work()
	}
	d.swarm.Steps = 0 // without a replica there is no further incident
}

func (d *draft) frozenSinceResync() bool {
	for _, s := range slices.Backward(d.plan.Steps) {
		switch s.Kind {
		case plan.KindFreeze:
			return true
		case plan.KindResync:
			return false
		}
	}
	return false
}

// emergency draws what is done on the new master before the old one is back.
func (d *draft) emergency() {
	if d.usually("open all") {
		d.add(detectStep(detect.Access{}.Name(), plan.ServingAlone))
		if d.frozen {
			d.add(restoreStep(restore.RebuildMailboxes{}.Name()))
		}
	}
	for d.sometimes("work on the new master") && len(d.plan.Steps) < d.swarm.Steps+8 {
		d.work()
	}
	if d.rarely("second blow") {
		d.fault(plan.Master)
	}
}

func restoreStep(name string) plan.Step {
	return plan.Step{Kind: plan.KindRestore, Restore: &plan.Restore{Restorer: plan.Ref{Name: name}, Policy: string(restore.PolicyRestore), Workers: 4}}
}

// repair draws how what was lost is brought back.
func (d *draft) repair() {
	if !d.frozen {
		return
	}
	d.add(detectStep(detect.IndexCompare{}.Name(), plan.FrozenSides))
	if d.usually("caches") {
		d.add(detectStep(detect.ClientCaches{}.Name(), plan.FrozenSides))
	}
	if d.sometimes("scripts") {
		d.add(detectStep(detect.ScriptCompare{}.Name(), plan.RescuedAndServing))
	}
	for _, name := range d.restorers() {
		step := restoreStep(name)
		step.Restore.Workers = oneOf(d.T, "workers", 4, 1, 8)
		step.Restore.Kills = oneOf(d.T, "kills", 0, 0, 0, 1, 3)
		if d.hardlyEver("policy") {
			step.Restore.Policy = string(oneOf(d.T, "which policy", restore.PolicyAsk, restore.PolicySkip))
		}
		d.add(step)
		if d.rarely("work amid the restore") {
			d.work()
		}
	}
}

// restorers draws restorers in some order: mostly such that all comes back, sometimes not.
func (d *draft) restorers() []string {
	parts := []string{
		restore.RestoreScripts{}.Name(), restore.RestoreMailboxes{}.Name(), restore.CopyMissing{}.Name(),
		restore.CarryExpunges{}.Name(), restore.MergeFlags{}.Name(), restore.MergeSettings{}.Name(),
	}
	switch oneOf(d.T, "restore", "in order", "everything", "any order", "some", "twice") {
	case "in order":
		return parts
	case "everything":
		return []string{restore.Everything{}.Name()}
	case "any order":
		return rapid.Permutation(parts).Draw(d.T, "order")
	case "some":
		return rapid.Permutation(parts).Draw(d.T, "order")[:rapid.IntRange(1, len(parts)).Draw(d.T, "how many")]
	default:
		return slices.Concat(rapid.Permutation(parts).Draw(d.T, "order"), parts)
	}
}

// lastLooks draws who looks at what is there in the end.
func (d *draft) lastLooks() {
	if d.sometimes("inspection") {
		d.inspect()
		return
	}
	for range rapid.IntRange(0, 3).Draw(d.T, "last looks") {
		switch {
		case !d.promotedNow():
			d.look(plan.PairNow)
		case d.rescuedNow():
			d.look(plan.RescuedAndServing)
		}
	}
}

// inspect lets every detector look that sees what is lost.
func (d *draft) inspect() {
	sides := plan.PairNow
	if d.rescuedNow() {
		sides = plan.RescuedAndServing
	} else if d.promotedNow() || d.silent != [2]bool{} {
		return
	}
	for _, name := range inspection() {
		d.add(detectStep(name, sides))
	}
}

func (d *draft) rescuedNow() bool {
	for _, s := range slices.Backward(d.plan.Steps) {
		switch s.Kind {
		case plan.KindRescue:
			return true
		case plan.KindPromote, plan.KindResync:
			return false
		}
	}
	return false
}
