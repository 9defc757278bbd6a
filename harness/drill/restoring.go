package drill

import (
	"context"
	"fmt"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/restore/journal"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// apply applies a plan, which is killed as often as the step says, and keeps what
// property 9 is to judge, where the drill expects it.
func (r *run) apply(ctx context.Context, scene restore.Scene, planned restore.Plan, step plan.Restore) (restore.Report, error) {
	if !r.expects(property.Repeatable{}) {
		return r.endure(ctx, scene, planned, step, nil, nil)
	}
	before, err := r.indexes(ctx)
	if err != nil {
		return restore.Report{Restorer: planned.Restorer}, err
	}
	var seen []restore.Progress
	report, err := r.endure(ctx, scene, planned, step, before, func(p restore.Progress) { seen = append(seen, p) })
	if err != nil {
		return report, err
	}
	r.noteEstimates(planned, step, seen)
	once, err := r.indexes(ctx)
	if err == nil {
		_, err = r.logic.apply(ctx, scene, planned, restore.Options{Workers: step.Workers})
	}
	if err != nil {
		return report, fmt.Errorf("applying it once more: %w", err)
	}
	twice, err := r.indexes(ctx)
	if err != nil {
		return report, err
	}
	serving := scene.Serving.Name()
	done := "applied" + amidInWords(step)
	want, known := foresee(before, frozenRescued(scene), planned, report)
	for account := range once {
		if !known[account] {
			delete(want, account)
		}
	}
	r.repeats = append(r.repeats,
		property.Repeat{What: fmt.Sprintf("%s (%s, step %d)", done, planned.Restorer, r.step), Server: serving, Want: want, Got: once, Kept: keptUIDs(planned, report)},
		property.Repeat{What: fmt.Sprintf("applied twice (%s, step %d)", planned.Restorer, r.step), Server: serving, Want: once, Got: twice})
	return report, nil
}

// frozenRescued is what the freeze has of the rescued store, by account; nil: nothing.
func frozenRescued(scene restore.Scene) map[string]target.Snapshot {
	if scene.Rescued == nil || scene.Freeze == nil {
		return nil
	}
	side, err := scene.Freeze.Side(scene.Rescued.Name())
	if err != nil {
		return nil
	}
	return side.Accounts
}

// disturbed says whether anything is to happen amid a restore.
func disturbed(step plan.Restore) bool { return step.Kills+step.Rivals+step.Outages > 0 }

// killWithin is before which of its acts a restore is killed: early enough that a small
// one does not end before.
const killWithin = 40

// endure applies a plan until it is done, whatever happens amid that.
func (r *run) endure(ctx context.Context, scene restore.Scene, planned restore.Plan, step plan.Restore, before map[string]target.Snapshot, observe func(restore.Progress)) (restore.Report, error) {
	store := &journal.Memory{}
	o := ordeal{
		run: r, scene: scene, planned: planned, step: step, store: store, before: before,
		options: restore.Options{Journal: store, Workers: step.Workers, Observe: observe},
	}
	if scene.Freeze != nil {
		o.options.LastUse = restore.LastUse(scene.Freeze)
	}
	return o.endure(ctx)
}

// indexes returns what the serving server has of all accounts.
func (r *run) indexes(ctx context.Context) (map[string]target.Snapshot, error) {
	serving := r.pair.Serving()
	taken, err := target.TakeSnapshots(ctx, r.pair.Executor(), r.plan.Accounts, target.LevelIndex, serving)
	if err != nil {
		return nil, fmt.Errorf("reading what the restore is about: %w", err)
	}
	return taken[serving.Name()], nil
}

// A restore's estimates are judged from so many pieces of work on, of which a tenth is
// enough to measure by, and only where it takes so long that anybody would ask.
const (
	enoughToEstimate = 100
	worthEstimating  = 10 * time.Second
)

// noteEstimates keeps what a restore said of the time that was left. One that was killed
// has measured no whole restore.
func (r *run) noteEstimates(planned restore.Plan, step plan.Restore, seen []restore.Progress) {
	if len(seen) < enoughToEstimate || disturbed(step) {
		return
	}
	began, ended := seen[0].At, seen[len(seen)-1].At
	if ended.Sub(began) < worthEstimating {
		return
	}
	_, virtual := r.pair.Clock().(target.VirtualClock)
	for _, p := range seen {
		r.estimates = append(r.estimates, property.Estimate{
			Restorer: planned.Restorer, Share: p.Share, Since: p.Share, Told: p.Remaining.Time,
			Left: ended.Sub(p.At), Whole: ended.Sub(began), OnRealTime: !virtual,
		})
	}
}
