// Package transplant puts messages of one server's mailbox into that of another, or makes
// the mailbox again, as replication does: by the sync protocol, with the UIDs, modseqs,
// dates, flags and annotations that they had. No client can tell such a message from one
// that had been there all the time.
//
// It keeps what a client relies on: a UID is only given to a message where it is above all
// that the server has given out, and only if nothing happens to the mailbox meanwhile
// (SINCE_MODSEQ, which the server compares and sets under its lock).
//
//	go test ./harness/restore/transplant
package transplant
