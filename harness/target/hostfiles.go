package target

import "time"

// MailboxFiles are the message files that lie in one mailbox's directory, whether or
// not a record tells of them.
type MailboxFiles struct {
	Mailbox  string // as its owner sees it
	Messages []SpoolFile
}

// SpoolFile is one message file.
type SpoolFile struct {
	UID  uint32 // by its name
	Size int64  // bytes
	// SHA1 is that of its bytes, in hex. It is made where the file lies. Empty: Cyrus
	// may not read it.
	SHA1 string
	// Accessible: Cyrus's user may read and write it, by its owner and mode.
	Accessible bool
}

// Database is one of the files in which Cyrus keeps what it knows, beside the messages
// themselves: mailboxes.db, an account's conversations.db, a mailbox's cyrus.cache.
type Database struct {
	Name       string // of the file: "cyrus.cache"
	Account    string // to which it belongs; empty: to the server
	Mailbox    string // to which it belongs, as its owner sees it; empty: to none
	There      bool
	Accessible bool  // Cyrus's user may read and write it, by its owner and mode
	Size       int64 // bytes
	// Wrong says in words in what it is not as Cyrus would have it. Empty: in nothing,
	// or that cannot be told, for the file may not be read, or what says how it should
	// be is itself wrong. A file that need not be there is not wrong to be missing.
	Wrong string
}

// Machine is what an administrator asks of the machine itself.
type Machine struct {
	Clock    time.Time // as Cyrus has it
	Room     int64     // bytes that Cyrus may still write beside the mail
	ReadOnly bool      // the file system that holds mail is mounted so
}
