package conform

import (
	"context"
	"errors"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

var errUIDs = errors.New("the step names too few UIDs")

// uid returns the n-th UID that a step names.
func (s Step) uid(n int) (uint32, error) {
	if n >= len(s.UIDs) {
		return 0, administrative{errUIDs}
	}
	return s.UIDs[n], nil
}

// diskActs damage a mailbox's files.
var diskActs = map[Op]serverAct{
	SpoilIndex: func(ctx context.Context, r *runner, step Step) error {
		s, err := as[target.IndexSaboteur](r, "damaged indexes")
		if err != nil {
			return err
		}
		return sabotaged(s.SpoilIndex(ctx, r.name(step), step.Account, step.Mailbox, step.Harm))
	},
	WipeRecord: func(ctx context.Context, r *runner, step Step) error {
		s, err := as[target.IndexSaboteur](r, "damaged indexes")
		if err != nil {
			return err
		}
		uid, err := step.uid(0)
		if err != nil {
			return err
		}
		return sabotaged(s.WipeRecord(ctx, r.name(step), step.Account, step.Mailbox, uid))
	},
	SpoilFile: func(ctx context.Context, r *runner, step Step) error {
		s, err := as[target.SpoolSaboteur](r, "damaged message files")
		if err != nil {
			return err
		}
		uid, err := step.uid(0)
		if err != nil {
			return err
		}
		return sabotaged(s.SpoilMessage(ctx, r.name(step), step.Account, step.Mailbox, uid, step.Harm))
	},
	SwapFiles: func(ctx context.Context, r *runner, step Step) error {
		s, err := as[target.SpoolSaboteur](r, "damaged message files")
		if err != nil {
			return err
		}
		second, err := step.uid(1)
		if err != nil {
			return err
		}
		return sabotaged(s.SwapMessages(ctx, r.name(step), step.Account, step.Mailbox, step.UIDs[0], second))
	},
	StrayFile: func(ctx context.Context, r *runner, step Step) error {
		s, err := as[target.SpoolSaboteur](r, "damaged message files")
		if err != nil {
			return err
		}
		uid, err := step.uid(0)
		if err != nil {
			return err
		}
		return sabotaged(s.AddMessageFile(ctx, r.name(step), step.Account, step.Mailbox, uid, message(step.Message)))
	},
	SpoilCache: func(ctx context.Context, r *runner, step Step) error {
		s, err := as[target.FolderSaboteur](r, "damaged directories")
		if err != nil {
			return err
		}
		return sabotaged(s.SpoilCache(ctx, r.name(step), step.Account, step.Mailbox, step.Harm))
	},
	LoseHeader: func(ctx context.Context, r *runner, step Step) error {
		s, err := as[target.FolderSaboteur](r, "damaged directories")
		if err != nil {
			return err
		}
		return sabotaged(s.RemoveHeader(ctx, r.name(step), step.Account, step.Mailbox))
	},
	LoseFolder: func(ctx context.Context, r *runner, step Step) error {
		s, err := as[target.FolderSaboteur](r, "damaged directories")
		if err != nil {
			return err
		}
		return sabotaged(s.RemoveFolder(ctx, r.name(step), step.Account, step.Mailbox))
	},
}
