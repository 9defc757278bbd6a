package target

import "context"

// Resyncer is a session that tells what has become of a mailbox since a client last
// looked, so that a client with a cache need not read it all again (QRESYNC, RFC 7162,
// section 3.2.5). A session need not be one.
type Resyncer interface {
	// Resync opens the mailbox to read alone. Where the server has another UIDVALIDITY
	// it tells of no changes: the client's cache is worth nothing.
	Resync(ctx context.Context, mailbox string, known Known) (Resync, error)
}

// Known is what a client with a cache says of where it left off.
type Known struct {
	UIDValidity uint32
	ModSeq      uint64 // HIGHESTMODSEQ, when it last looked; at least 1
}

// Resync is what such a client is told.
type Resync struct {
	UIDValidity   uint32
	HighestModSeq uint64
	Vanished      []UIDRange // VANISHED (EARLIER): what is not there any more
	// Changed are new messages and those that are not what they were: their UID, flags
	// and modseq, in the server's order.
	Changed []Record
}

// UIDRange is the UIDs from First to Last.
type UIDRange struct{ First, Last uint32 }

// HasVanished says whether the client was told that a message is not there any more.
func (r Resync) HasVanished(uid uint32) bool {
	for _, gone := range r.Vanished {
		if gone.First <= uid && uid <= gone.Last {
			return true
		}
	}
	return false
}
