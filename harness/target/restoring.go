package target

import "context"

// What an administrator does to be on the safe side while something is being
// restored. Each is an interface of its own that a pair's operator may implement as
// well.

// ReplicationHolder is an operator that can hold rolling replication for a while.
type ReplicationHolder interface {
	// HoldReplication keeps a server from sending changes. What is changed meanwhile
	// waits in its sync log. To hold what is held already changes nothing.
	HoldReplication(ctx context.Context, server ServerName) error
	// ReleaseReplication lets it go on.
	ReleaseReplication(ctx context.Context, server ServerName) error
}

// IndexKeeper is an operator that can put a copy of an index aside.
type IndexKeeper interface {
	// KeepIndex copies what a tool is about to rebuild of a mailbox (cyrus.index,
	// cyrus.cache, cyrus.header) to where no tool of Cyrus looks, and returns where
	// that is: nowhere, where the mailbox's directory is gone.
	KeepIndex(ctx context.Context, server ServerName, account, mailbox string) (where string, err error)
}
