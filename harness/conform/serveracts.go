package conform

import (
	"context"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// serverAct is one act of an operator, or of an incident.
type serverAct func(ctx context.Context, r *runner, step Step) error

// sabotaged turns an act of a saboteur into a step: it has to leave evidence.
func sabotaged(evidence target.Evidence, err error) error {
	if err != nil {
		return administrative{err}
	}
	return nil
}

func operated(err error) error {
	if err != nil {
		return administrative{err}
	}
	return nil
}

// as returns the pair's saboteur in another of its capacities.
func as[T any](r *runner, what string) (T, error) {
	s, ok := r.pair.Saboteur().(T)
	if !ok {
		return s, &target.UnsupportedError{Target: "this target", What: what}
	}
	return s, nil
}

// harm is an act of the pair's saboteur in one of its capacities, on the step's server.
func harm[T any](what string, act func(ctx context.Context, s T, on target.ServerName, step Step) (target.Evidence, error)) serverAct {
	return func(ctx context.Context, r *runner, step Step) error {
		s, err := as[T](r, what)
		if err != nil {
			return err
		}
		return sabotaged(act(ctx, s, r.name(step), step))
	}
}

// serverActOf returns how a step is done that is no user's.
func serverActOf(op Op) (serverAct, bool) {
	for _, acts := range []map[Op]serverAct{serverActs, hostActs, handActs, diskActs, listActs, recordActs, toldActs} {
		if act, ok := acts[op]; ok {
			return act, true
		}
	}
	return nil, false
}

var serverActs = map[Op]serverAct{
	Suspend: func(ctx context.Context, r *runner, step Step) error {
		return sabotaged(r.pair.Saboteur().Suspend(ctx, r.name(step), "sync_client"))
	},
	Resume: func(ctx context.Context, r *runner, step Step) error {
		return sabotaged(r.pair.Saboteur().Resume(ctx, r.name(step), "sync_client"))
	},
	Kill: func(ctx context.Context, r *runner, step Step) error {
		return sabotaged(r.pair.Saboteur().KillServer(ctx, r.name(step)))
	},
	Start: func(ctx context.Context, r *runner, step Step) error {
		return operated(r.pair.Operator().Start(ctx, r.name(step)))
	},
	Stop: func(ctx context.Context, r *runner, step Step) error {
		return operated(r.pair.Operator().Stop(ctx, r.name(step)))
	},
	Hang: harm("hung servers", func(ctx context.Context, s target.ServerHanger, on target.ServerName, step Step) (target.Evidence, error) {
		return s.Hang(ctx, on)
	}),
	Unhang: harm("hung servers", func(ctx context.Context, s target.ServerHanger, on target.ServerName, step Step) (target.Evidence, error) {
		return s.Unhang(ctx, on)
	}),
	LoseLog: harm("lost sync logs", func(ctx context.Context, s target.ReplicationSaboteur, on target.ServerName, step Step) (target.Evidence, error) {
		return s.LoseSyncLog(ctx, on)
	}),
	CutIndex: harm("damaged indexes", func(ctx context.Context, s target.IndexSaboteur, on target.ServerName, step Step) (target.Evidence, error) {
		return s.TruncateIndex(ctx, on, step.Account, step.Mailbox)
	}),
	FlipRecord: harm("damaged indexes", func(ctx context.Context, s target.IndexSaboteur, on target.ServerName, step Step) (target.Evidence, error) {
		return s.DamageRecord(ctx, on, step.Account, step.Mailbox)
	}),
	OldSource: harm("stale scripts", func(ctx context.Context, s target.ScriptSaboteur, on target.ServerName, step Step) (target.Evidence, error) {
		return s.ReplaceSource(ctx, on, step.Account, step.Script, script(step.Message))
	}),
	OldCompiled: harm("stale scripts", func(ctx context.Context, s target.ScriptSaboteur, on target.ServerName, step Step) (target.Evidence, error) {
		return s.ReplaceCompiled(ctx, on, step.Account, step.Script, script(step.Message))
	}),
	Reconstruct: func(ctx context.Context, r *runner, step Step) error {
		_, err := r.pair.Operator().Reconstruct(ctx, r.name(step), step.Account, step.Mailbox)
		return operated(err)
	},
	Expire: func(ctx context.Context, r *runner, step Step) error {
		_, err := r.pair.Operator().Expire(ctx, r.name(step))
		return operated(err)
	},
	Promote: func(ctx context.Context, r *runner, step Step) error {
		return operated(r.pair.Operator().Promote(ctx, r.name(step)))
	},
	Rescue: func(ctx context.Context, r *runner, step Step) error {
		return operated(r.pair.Operator().Rescue(ctx, r.name(step)))
	},
	Resync: func(ctx context.Context, r *runner, step Step) error {
		return operated(r.pair.Operator().Resync(ctx, r.name(step), Accounts()))
	},
	SwapRoles: func(ctx context.Context, r *runner, _ Step) error {
		_, err := r.pair.Operator().SwapRoles(ctx)
		return operated(err)
	},
	Advance: func(ctx context.Context, r *runner, step Step) error {
		mover, ok := r.pair.(target.ClockMover)
		if !ok {
			return &target.UnsupportedError{Target: "this target", What: "clocks that can be moved"}
		}
		return operated(mover.Advance(ctx, time.Duration(step.Count)*time.Hour))
	},
}
