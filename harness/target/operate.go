package target

import "context"

// What an administrator may do by hand, beside what every [Operator] can. Each is
// an interface of its own that a pair's operator may implement as well. A status
// is what the tool ended with, and says little: several of Cyrus's tools end with
// 0 whatever they found.

// HandSyncer is an operator that can run sync_client otherwise than for one
// account.
type HandSyncer interface {
	// SyncMailbox sends one mailbox, under the name that the tool is given
	// (sync_client -m). It takes external ones: "user/alice/Foo".
	SyncMailbox(ctx context.Context, server ServerName, name string) (status int, err error)
	// SyncBack sends one account, or all mailboxes where none is named
	// (sync_client -A), from a server to the other one against the direction of
	// replication: by a configuration of its own, which says to whom.
	SyncBack(ctx context.Context, server ServerName, account string) (status int, err error)
}

// LogOperator is an operator that can deal with rolling replication itself.
type LogOperator interface {
	// QueueUser adds an account to the sync log (cyr_synclog -u).
	QueueUser(ctx context.Context, server ServerName, account string) error
	// ShutSyncClient makes the file that sync_shutdown_file names, and returns
	// when sync_client has ended because of it, and the file is gone.
	ShutSyncClient(ctx context.Context, server ServerName) error
	// Reload sends SIGHUP to the master process: it reads its configuration
	// again, and starts again what it had given up on.
	Reload(ctx context.Context, server ServerName) error
}

// Resetter is an operator that can take an account away from a server.
type Resetter interface {
	// ResetUser removes all of an account (sync_reset -f). On a master that
	// replicates, that is replicated. Apart, it is done by a configuration that
	// logs nothing.
	ResetUser(ctx context.Context, server ServerName, account string, apart bool) error
}

// Unexpunger is an operator that can bring expunged messages back.
type Unexpunger interface {
	// Unexpunge brings back messages by the UIDs that they had, under new ones
	// (unexpunge -u), and returns what the tool said.
	Unexpunge(ctx context.Context, server ServerName, account, mailbox string, uids []uint32) (said string, err error)
}

// ReconstructOption is how a reconstruct differs from the plain one.
type ReconstructOption string

const (
	// LookOnly asks to change nothing (-n), which is not what happens to a mailbox
	// with a corrupt record.
	LookOnly ReconstructOption = "-n"
	// CompareGUIDs has every message file read and held against what is recorded
	// of it (-G).
	CompareGUIDs ReconstructOption = "-G"
)
