// Package canary names the bugs that can be planted in the simulated servers, each
// of them one line there, so that whoever looks for bugs can be tested: a bug that
// nobody finds is a hole in the search.
//
// Only a test can plant one: [Plant] asks for a [testing.TB], and nothing else makes a
// [Planted] that holds a bug. docs/canaries.md lists them, and what found them.
package canary

import "testing"

// Bug is one bug of the simulated servers.
type Bug uint8

// The bugs, in the order of what they are about: mail, mailboxes, scripts, replication,
// the administrator's tools.
const (
	_ Bug = iota
	// AppendDateIgnored: what is appended gets the time of its arrival for INTERNALDATE.
	AppendDateIgnored
	// AppendedTogetherAlike: messages of one APPEND all get the first one's bytes.
	AppendedTogetherAlike
	// AcknowledgedOnFullDisk: an APPEND for which there is no room is acknowledged.
	AcknowledgedOnFullDisk
	// DuplicatesDelivered: a delivery that is tried again is delivered again.
	DuplicatesDelivered
	// CopyLosesKeywords: copies have no keywords.
	CopyLosesKeywords
	// MoveLeavesOriginal: MOVE is COPY.
	MoveLeavesOriginal
	// FlagsKeepModSeq: a change of flags counts no modseq.
	FlagsKeepModSeq
	// UIDReused: the UID of the last message is given again once that is expunged.
	UIDReused
	// NamesakesDeleted: DELETE takes along the mailboxes whose names begin alike.
	NamesakesDeleted
	// UIDValidityReused: a mailbox that is made anew has the UIDVALIDITY of the one that
	// had its name.
	UIDValidityReused
	// RightsIgnored: whoever knows a mailbox's name can open it.
	RightsIgnored
	// OldBytecodeKept: a script that is stored in another's place is not compiled.
	OldBytecodeKept
	// RenameUnlogged, FlagsUnlogged, SubscriptionUnlogged: it is not noted for replication.
	RenameUnlogged
	FlagsUnlogged
	SubscriptionUnlogged
	// BatchDropped: what sync_client had in work as it bailed out is forgotten.
	BatchDropped
	// QuotaUnsent: limits of quota roots are not replicated.
	QuotaUnsent
	// AnnotationsUntaken: a replica passes annotations over.
	AnnotationsUntaken
	// ActiveScriptUntaken: a replica stores scripts, and activates none.
	ActiveScriptUntaken
	// SeenMixedUp: what an account has seen of others' mail is replicated as its owner's.
	SeenMixedUp
	// UIDValidityKept: reconstruct makes an index anew, and clients are not told.
	UIDValidityKept
	// LastUIDSetBack: reconstruct sets the last UID back to that of the last message.
	LastUIDSetBack
	// OldStateKept: a server that is resynced is not emptied first.
	OldStateKept
	// SwappedUndrained: roles are swapped before the sync log is worked off.
	SwappedUndrained
)

// Planted is what is planted in a pair. The zero value is nothing, and costs a
// comparison of two bytes where it is asked for.
type Planted struct{ bug Bug }

// Plant plants a bug, for a test.
func Plant(tb testing.TB, bug Bug) Planted {
	tb.Helper() // there is no test without one, nor a bug
	return Planted{bug}
}

// Is says whether it is this bug that is planted.
func (p Planted) Is(bug Bug) bool { return p.bug == bug }
