package conform

import (
	"context"
	"errors"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// toolAct runs one of Cyrus's tools, and returns what it ended with.
type toolAct func(ctx context.Context, r *runner, step Step) (status int, err error)

var toolActs = map[Op]toolAct{
	SyncUser: func(ctx context.Context, r *runner, step Step) (int, error) {
		return r.pair.Operator().SyncUser(ctx, r.name(step), step.Account)
	},
	SyncMailbox: func(ctx context.Context, r *runner, step Step) (int, error) {
		o, err := by[target.HandSyncer](r, "sync_client -m")
		if err != nil {
			return 0, err
		}
		return o.SyncMailbox(ctx, r.name(step), step.Text)
	},
	SyncMeta: func(ctx context.Context, r *runner, step Step) (int, error) {
		o, err := by[target.HandSyncer](r, "sync_client -s")
		if err != nil {
			return 0, err
		}
		return o.SyncMeta(ctx, r.name(step), step.Account)
	},
	SyncOneWay: func(ctx context.Context, r *runner, step Step) (int, error) {
		o, err := by[target.HandSyncer](r, "sync_client -O")
		if err != nil {
			return 0, err
		}
		return o.SyncOneWay(ctx, r.name(step), step.Account)
	},
	SyncBack: func(ctx context.Context, r *runner, step Step) (int, error) {
		o, err := by[target.HandSyncer](r, "sync_client -C")
		if err != nil {
			return 0, err
		}
		return o.SyncBack(ctx, r.name(step), step.Account)
	},
}

// status says in one line how a tool ended.
func status(code int, err error) string {
	var late *target.TimeoutError
	switch {
	case errors.As(err, &late):
		return "does not end"
	case err != nil:
		return answer(administrative{err})
	default:
		return fmt.Sprintf("exit %d", code)
	}
}
