package target

import "context"

// CreationTeller is a session that tells when each message came into its mailbox, as the
// modseq that it had then: one that has another now was changed since. A session need not
// be one.
type CreationTeller interface {
	// CreatedModSeqs returns the modseqs of those of the messages that are there, by UID.
	CreatedModSeqs(ctx context.Context, mailbox string, uids []uint32) (map[uint32]uint64, error)
}
