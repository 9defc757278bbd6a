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

// hand is an act of the pair's operator in one of its capacities, on the step's
// server.
func hand[T any](what string, act func(ctx context.Context, o T, on target.ServerName, step Step) error) serverAct {
	return func(ctx context.Context, r *runner, step Step) error {
		o, err := by[T](r, what)
		if err != nil {
			return err
		}
		return operated(act(ctx, o, r.name(step), step))
	}
}

// handActs are what an administrator does by hand.
var handActs = map[Op]serverAct{
	QueueUser: hand("sync logs that can be added to", func(ctx context.Context, o target.LogOperator, on target.ServerName, step Step) error {
		return o.QueueUser(ctx, on, step.Account)
	}),
	ShutSyncClient: hand("sync_shutdown_file", func(ctx context.Context, o target.LogOperator, on target.ServerName, step Step) error {
		return o.ShutSyncClient(ctx, on)
	}),
	Reload: hand("SIGHUP", func(ctx context.Context, o target.LogOperator, on target.ServerName, step Step) error {
		return o.Reload(ctx, on)
	}),
	ResetUser: hand("sync_reset", func(ctx context.Context, o target.Resetter, on target.ServerName, step Step) error {
		return o.ResetUser(ctx, on, step.Account, false)
	}),
	ResetApart: hand("sync_reset", func(ctx context.Context, o target.Resetter, on target.ServerName, step Step) error {
		return o.ResetUser(ctx, on, step.Account, true)
	}),
	RebuildConvs: hand("ctl_conversationsdb", func(ctx context.Context, o target.ConversationsRebuilder, on target.ServerName, step Step) error {
		return o.RebuildConversations(ctx, on, step.Account)
	}),
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
