package conform

import (
	"context"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// by returns the pair's operator in another of its capacities.
func by[T any](r *runner, what string) (T, error) {
	o, ok := r.pair.Operator().(T)
	if !ok {
		return o, &target.UnsupportedError{Target: "this target", What: what}
	}
	return o, nil
}

// handActs are what an administrator does by hand.
var handActs = map[Op]serverAct{
	QueueUser: func(ctx context.Context, r *runner, step Step) error {
		o, err := by[target.LogOperator](r, "sync logs that can be added to")
		if err != nil {
			return err
		}
		return operated(o.QueueUser(ctx, r.name(step), step.Account))
	},
	ShutSyncClient: func(ctx context.Context, r *runner, step Step) error {
		o, err := by[target.LogOperator](r, "sync_shutdown_file")
		if err != nil {
			return err
		}
		return operated(o.ShutSyncClient(ctx, r.name(step)))
	},
	Reload: func(ctx context.Context, r *runner, step Step) error {
		o, err := by[target.LogOperator](r, "SIGHUP")
		if err != nil {
			return err
		}
		return operated(o.Reload(ctx, r.name(step)))
	},
	ResetUser: func(ctx context.Context, r *runner, step Step) error {
		o, err := by[target.Resetter](r, "sync_reset")
		if err != nil {
			return err
		}
		return operated(o.ResetUser(ctx, r.name(step), step.Account, false))
	},
	ResetApart: func(ctx context.Context, r *runner, step Step) error {
		o, err := by[target.Resetter](r, "sync_reset")
		if err != nil {
			return err
		}
		return operated(o.ResetUser(ctx, r.name(step), step.Account, true))
	},
	Unexpunge: func(ctx context.Context, r *runner, step Step) error {
		o, err := by[target.Unexpunger](r, "unexpunge")
		if err != nil {
			return err
		}
		_, err = o.Unexpunge(ctx, r.name(step), step.Account, step.Mailbox, step.UIDs)
		return operated(err)
	},
	LookOnly: func(ctx context.Context, r *runner, step Step) error {
		_, err := r.pair.Operator().Reconstruct(ctx, r.name(step), step.Account, step.Mailbox, target.LookOnly)
		return operated(err)
	},
}
