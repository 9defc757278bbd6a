package target

import "context"

// RecordSaboteur rewrites what an index says, with checksums that hold: Cyrus takes
// it for what it wrote itself.
type RecordSaboteur interface {
	// SwapGUIDs lets the records of two messages change GUIDs. SYNC_CRC stays what
	// it was, and so do the message files.
	SwapGUIDs(ctx context.Context, server ServerName, account, mailbox string, a, b uint32) (Evidence, error)
	// SwapDates is the same with their INTERNALDATEs.
	SwapDates(ctx context.Context, server ServerName, account, mailbox string, a, b uint32) (Evidence, error)
	// SetLastUID makes LAST_UID of a mailbox another, whatever its records are.
	SetLastUID(ctx context.Context, server ServerName, account, mailbox string, lastUID uint32) (Evidence, error)
}

// Denial is why Cyrus may not read a file.
type Denial string

// The denials.
const (
	WrongOwner Denial = "given to root"   // and nobody else's to read
	WrongMode  Denial = "made unreadable" // Cyrus's own, and without any permission
)

// AccessSaboteur takes files out of Cyrus's reach, which stay as they are.
type AccessSaboteur interface {
	DenyMessage(ctx context.Context, server ServerName, account, mailbox string, uid uint32, denial Denial) (Evidence, error)
}

// SourceSaboteur damages what holds a script's source. Its bytecode stays.
type SourceSaboteur interface {
	// RemoveSource removes the file that holds it.
	RemoveSource(ctx context.Context, server ServerName, account, script string) (Evidence, error)
}

// Witness tells of a server's disk what no view does. It is for faults, which have
// to know what has become of what they did.
type Witness interface {
	// MessageFiles returns the message files of a mailbox by UID, whether or not
	// its index knows of them.
	MessageFiles(ctx context.Context, server ServerName, account, mailbox string) (map[uint32]MessageFile, error)
	// Uncached returns the UIDs of messages, sorted, of which cyrus.cache does not
	// tell what their records say that it does.
	Uncached(ctx context.Context, server ServerName, account, mailbox string) ([]uint32, error)
	// InConversations returns the GUIDs, in hex, of which conversations.db knows.
	InConversations(ctx context.Context, server ServerName, account string) (map[string]bool, error)
}

// MessageFile is a message's file as it lies on the disk.
type MessageFile struct {
	Size   int64 // bytes
	Denied bool  // Cyrus may not read it
}
