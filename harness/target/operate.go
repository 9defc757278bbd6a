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
	// SyncMeta sends what is an account's and none of its mailboxes': subscriptions and
	// what it has seen of others' mail (sync_client -s).
	SyncMeta(ctx context.Context, server ServerName, account string) (status int, err error)
	// SyncOneWay sends an account and copies nothing back (sync_client -O -u).
	SyncOneWay(ctx context.Context, server ServerName, account string) (status int, err error)
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
	// ListExpunged returns the UIDs of those that can be brought back (unexpunge -l).
	ListExpunged(ctx context.Context, server ServerName, account, mailbox string) ([]uint32, error)
}

// Checker is an operator that can run Cyrus's own checks of what a server has. Both end
// with 0 whatever they find.
type Checker interface {
	// CheckMailbox has a mailbox's index looked at (chk_cyrus -M), and returns what was
	// said of it.
	CheckMailbox(ctx context.Context, server ServerName, account, mailbox string) (said string, err error)
	// CheckList has mailboxes.db held against the directories that there are
	// (ctl_mboxlist -v), and returns what was said.
	CheckList(ctx context.Context, server ServerName) (said string, err error)
}

// EntryRebuilder is an operator that can bring an entry of mailboxes.db back.
type EntryRebuilder interface {
	// RebuildEntry makes the entry anew by the mailbox's cyrus.header (reconstruct -P),
	// and returns what was said.
	RebuildEntry(ctx context.Context, server ServerName, account, mailbox string) (said string, err error)
}

// ConversationsRebuilder is an operator that can bring conversations.db up to the mail.
type ConversationsRebuilder interface {
	// RebuildConversations counts an account's anew, mailbox by mailbox
	// (ctl_conversationsdb -R).
	RebuildConversations(ctx context.Context, server ServerName, account string) error
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
