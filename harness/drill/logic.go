package drill

import (
	"context"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/restore"
)

// Logic is what stands in for the project's own detectors, restorers and engine in a
// run, to try others by the same drills. Where one is nil the project's own is used.
type Logic struct {
	// Detector and Restorer return what is used in the place of the one that the plan
	// names.
	Detector func(detect.Detector) detect.Detector
	Restorer func(restore.Restorer) restore.Restorer
	// Apply is used in the place of [restore.Apply].
	Apply func(context.Context, restore.Scene, restore.Plan, restore.Options) (restore.Report, error)
}

func (l Logic) detector(named detect.Detector) detect.Detector {
	if l.Detector == nil {
		return named
	}
	return l.Detector(named)
}

func (l Logic) restorer(named restore.Restorer) restore.Restorer {
	if l.Restorer == nil {
		return named
	}
	return l.Restorer(named)
}

func (l Logic) apply(ctx context.Context, scene restore.Scene, plan restore.Plan, options restore.Options) (restore.Report, error) {
	if l.Apply == nil {
		return restore.Apply(ctx, scene, plan, options)
	}
	return l.Apply(ctx, scene, plan, options)
}
