package target

import (
	"context"

	"github.com/cyrdrill/cyrdrill/harness/target/dlist"
)

// SyncDialer opens conversations by Cyrus's sync protocol with the servers of a pair, as
// their administrator.
type SyncDialer interface {
	// DialSync opens one. A server that cannot be reached so, or not to be written to, is
	// an [UnreachableError] or an [UnsupportedError].
	DialSync(ctx context.Context, server ServerName) (SyncConversation, error)
}

// SyncConversation is a [SyncLine] of its own, to be closed by whoever opened it. Message
// files that were sent in it by APPLY MESSAGE, and that no record has named, are forgotten
// with it. It is not safe for concurrent use; after an error other than a [RefusedError]
// it is of no more use.
type SyncConversation interface {
	SyncLine
	// MailboxEach sends GET FULLMAILBOX with an internal name, hands over each of the
	// records as soon as it is read, and returns the mailbox without them. What was handed
	// over is all of it only when there is no error.
	MailboxEach(ctx context.Context, name string, each func(record dlist.Value) error) (dlist.Value, error)
	// Close takes leave.
	Close() error
}
