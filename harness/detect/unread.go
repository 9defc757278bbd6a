package detect

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// unreadAccount makes a finding of a server's no to a look at one account. The others can
// be compared all the same: a detector that gives up over one mailbox sees nothing of the
// rest.
func unreadAccount(on target.ServerName, account string, err error) (Finding, bool) {
	var refused *target.RefusedError
	var noInbox *target.NoInboxError
	if !errors.As(err, &refused) && !errors.As(err, &noInbox) {
		return Finding{}, false
	}
	return Finding{
		Kind: target.MailboxUnreadable, Place: target.Place{Server: on, Account: account},
		Evidence: fmt.Sprintf("it cannot be compared: %s", err),
	}, true
}

// snapshots takes an account's snapshots of all sides side by side, in the order of sides.
// A side that refuses to tell leaves a finding, and then there is nothing to compare.
func (s Scene) snapshots(ctx context.Context, account string, level target.Level) (snaps []target.Snapshot, unread []Finding, err error) {
	snaps = make([]target.Snapshot, len(s.Sides))
	refused := make([][]Finding, len(s.Sides))
	tasks := make([]func(context.Context) error, len(s.Sides))
	for i, side := range s.Sides {
		tasks[i] = func(ctx context.Context) (err error) {
			snaps[i], err = side.Snapshot(ctx, account, level)
			if f, ok := unreadAccount(side.Name(), account, err); ok {
				refused[i], err = []Finding{f}, nil
			}
			return err
		}
	}
	err = s.Executor.Run(ctx, tasks...)
	return snaps, slices.Concat(refused...), err
}
