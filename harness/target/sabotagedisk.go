package target

import "context"

// Harm is what is done to a file.
type Harm string

// What can be done to a file. Its owner, mode and time stay.
const (
	Truncated Harm = "truncated" // cut off: an index within its header, a cache after it, all else in the middle
	Flipped   Harm = "flipped"   // one byte is another: of an index in its header, of all else in the middle
	Zeroed    Harm = "zeroed"    // as long as before, and nothing but zeros
	CutShort  Harm = "cut short" // cut off after its header: of a database nothing is left to be read
	Emptied   Harm = "emptied"   // there, without a byte
	Removed   Harm = "removed"   // not there
)

// SpoolSaboteur damages message files. No index changes with them.
type SpoolSaboteur interface {
	SpoilMessage(ctx context.Context, server ServerName, account, mailbox string, uid uint32, harm Harm) (Evidence, error)
	// SwapMessages lets two message files change places.
	SwapMessages(ctx context.Context, server ServerName, account, mailbox string, a, b uint32) (Evidence, error)
	// AddMessageFile puts a message file where none is: no record tells of it.
	AddMessageFile(ctx context.Context, server ServerName, account, mailbox string, uid uint32, body []byte) (Evidence, error)
}

// FolderSaboteur damages what else lies in a mailbox's directory.
type FolderSaboteur interface {
	// SpoilCache damages cyrus.cache.
	SpoilCache(ctx context.Context, server ServerName, account, mailbox string, harm Harm) (Evidence, error)
	// RemoveHeader removes cyrus.header.
	RemoveHeader(ctx context.Context, server ServerName, account, mailbox string) (Evidence, error)
	// RemoveFolder removes the directory with all that lies in it.
	RemoveFolder(ctx context.Context, server ServerName, account, mailbox string) (Evidence, error)
}

// ListSaboteur damages mailboxes.db.
type ListSaboteur interface {
	// RemoveEntry takes a mailbox's entry out, and leaves its directory alone.
	RemoveEntry(ctx context.Context, server ServerName, account, mailbox string) (Evidence, error)
	// SpoilList damages the list as a file.
	SpoilList(ctx context.Context, server ServerName, harm Harm) (Evidence, error)
}

// StateSaboteur damages the databases that belong to an account.
type StateSaboteur interface {
	// SpoilConversations damages conversations.db.
	SpoilConversations(ctx context.Context, server ServerName, account string, harm Harm) (Evidence, error)
	// SpoilSeen damages what the account has seen of others' mailboxes.
	SpoilSeen(ctx context.Context, server ServerName, account string, harm Harm) (Evidence, error)
}

// BytecodeSaboteur damages what is compiled of an account's scripts.
type BytecodeSaboteur interface {
	// AgeCompiled replaces a script's bytecode by another script's, and dates it
	// before its source.
	AgeCompiled(ctx context.Context, server ServerName, account, script string, source []byte) (Evidence, error)
	// RemoveCompiled removes a script's bytecode.
	RemoveCompiled(ctx context.Context, server ServerName, account, script string) (Evidence, error)
	// RemoveActiveLink removes the link to the bytecode that runs.
	RemoveActiveLink(ctx context.Context, server ServerName, account string) (Evidence, error)
}
