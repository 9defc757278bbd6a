package restore

import (
	"context"
	"errors"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// snapshotOrPieces takes an account's snapshot. Where the server's process dies of it, as
// it does of a damaged record, each mailbox is asked for by itself, and those are left out
// of which it dies again: one bad record must not keep all the account's mail from being
// restored. Where it dies of being asked for the rest as well, there is none (noMeta).
func snapshotOrPieces(ctx context.Context, server target.Server, account string, list lister) (snap target.Snapshot, noMeta bool, err error) {
	snap, err = target.TakeSnapshot(ctx, server, account, target.LevelIndex)
	if !diedOf(err) {
		return snap, false, err
	}
	snap = target.Snapshot{Server: server.Name(), Account: account, Level: target.LevelIndex}
	names, listed := list(ctx, server, []string{account})
	if listed != nil {
		return snap, false, errors.Join(err, listed)
	}
	if snap.Mailboxes, err = eachReadable(ctx, server, account, names[account]); err != nil {
		return snap, false, err
	}
	if snap.Meta, err = server.Index().Meta(ctx, account); diedOf(err) {
		return snap, true, nil
	}
	return snap, false, err
}

// eachReadable asks for each mailbox by itself, and leaves out those that are refused: they
// are told as ones that cannot be opened.
func eachReadable(ctx context.Context, server target.Server, account string, names []string) ([]target.Mailbox, error) {
	var mailboxes []target.Mailbox
	for _, name := range names {
		m, err := server.Index().Mailbox(ctx, account, name)
		if refused := (*target.RefusedError)(nil); errors.As(err, &refused) {
			continue
		}
		if err != nil {
			return nil, err
		}
		mailboxes = append(mailboxes, m)
	}
	return mailboxes, nil
}

// diedOf says whether the server's process said good-bye instead of an answer.
func diedOf(err error) bool {
	var refused *target.RefusedError
	return errors.As(err, &refused) && refused.Status == "BYE"
}
