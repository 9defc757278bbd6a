package drill

import (
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/fault"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/traffic"
)

// Names returns everything that a plan may name: what the runner can carry
// out and judge.
func Names() plan.Names {
	var names plan.Names
	for _, f := range fault.All() {
		effects := f.Effects()
		names.Faults = append(names.Faults, plan.FaultName{
			Name: f.Name(), StopsReplication: effects.StopsReplication, KillsServer: effects.KillsServer, Promotes: effects.Promotes,
			NeedsServer: effects.NeedsServer, NeedsReplication: effects.NeedsReplication, EitherSide: effects.EitherSide, ReplicaOnly: effects.ReplicaOnly,
		})
	}
	names.Detectors = namesOf(slices.Concat(detect.All(), detect.Sampled()))
	names.Restorers = namesOf(restore.All())
	for _, r := range restore.All() {
		if restore.WithoutRescued(r) {
			names.WithoutRescued = append(names.WithoutRescued, r.Name())
		}
	}
	for _, op := range traffic.WorkOps() {
		names.Operations = append(names.Operations, string(op))
	}
	names.Properties = namesOf(property.All())
	for _, m := range Marks() {
		names.Marks = append(names.Marks, m.Name)
	}
	return names
}

func namesOf[T interface{ Name() string }](things []T) []string {
	names := make([]string, len(things))
	for i, thing := range things {
		names[i] = thing.Name()
	}
	return names
}
