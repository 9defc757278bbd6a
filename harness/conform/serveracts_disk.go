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
	SpoilIndex: harm("damaged indexes", func(ctx context.Context, s target.IndexSaboteur, on target.ServerName, step Step) (target.Evidence, error) {
		return s.SpoilIndex(ctx, on, step.Account, step.Mailbox, step.Harm)
	}),
	WipeRecord: harm("damaged indexes", func(ctx context.Context, s target.IndexSaboteur, on target.ServerName, step Step) (target.Evidence, error) {
		uid, err := step.uid(0)
		if err != nil {
			return target.Evidence{}, err
		}
		return s.WipeRecord(ctx, on, step.Account, step.Mailbox, uid)
	}),
	SpoilFile: harm("damaged message files", func(ctx context.Context, s target.SpoolSaboteur, on target.ServerName, step Step) (target.Evidence, error) {
		uid, err := step.uid(0)
		if err != nil {
			return target.Evidence{}, err
		}
		return s.SpoilMessage(ctx, on, step.Account, step.Mailbox, uid, step.Harm)
	}),
	SwapFiles: harm("damaged message files", func(ctx context.Context, s target.SpoolSaboteur, on target.ServerName, step Step) (target.Evidence, error) {
		second, err := step.uid(1)
		if err != nil {
			return target.Evidence{}, err
		}
		return s.SwapMessages(ctx, on, step.Account, step.Mailbox, step.UIDs[0], second)
	}),
	StrayFile: harm("damaged message files", func(ctx context.Context, s target.SpoolSaboteur, on target.ServerName, step Step) (target.Evidence, error) {
		uid, err := step.uid(0)
		if err != nil {
			return target.Evidence{}, err
		}
		return s.AddMessageFile(ctx, on, step.Account, step.Mailbox, uid, message(step.Message))
	}),
	SpoilCache: harm("damaged directories", func(ctx context.Context, s target.FolderSaboteur, on target.ServerName, step Step) (target.Evidence, error) {
		return s.SpoilCache(ctx, on, step.Account, step.Mailbox, step.Harm)
	}),
	LoseHeader: harm("damaged directories", func(ctx context.Context, s target.FolderSaboteur, on target.ServerName, step Step) (target.Evidence, error) {
		return s.RemoveHeader(ctx, on, step.Account, step.Mailbox)
	}),
	LoseFolder: harm("damaged directories", func(ctx context.Context, s target.FolderSaboteur, on target.ServerName, step Step) (target.Evidence, error) {
		return s.RemoveFolder(ctx, on, step.Account, step.Mailbox)
	}),
}
