package target

import "context"

// MailboxStreamer is an index view that can hand a mailbox over record by record as the
// server tells of it, so that of a large one nobody has to hold the whole.
type MailboxStreamer interface {
	// StreamMailbox asks for one mailbox, as [IndexView.Mailbox] does, and does not wait
	// for the answer: whoever asks two servers asks both before reading from either. The
	// context must last as long as the stream.
	StreamMailbox(ctx context.Context, account, mailbox string) MailboxStream
}

// MailboxStream is a mailbox on its way. It is not safe for concurrent use. While nobody
// reads, the server may have to wait, and whoever writes to the mailbox with it.
type MailboxStream interface {
	// Next returns the next record, in the server's order, which is that of UIDs where
	// its index is well. Without an error, that there is no more means that the server has
	// said it told of all. After an error the records that have come mean nothing.
	Next() (record Record, more bool, err error)
	// Mailbox returns the mailbox without its records, once there are no more.
	Mailbox() Mailbox
	// Close ends it, whether all was read or not.
	Close()
}
