package fault

// Object is the kind of thing that a fault breaks.
type Object string

// The objects.
const (
	Message     Object = "message"      // a message's file
	Index       Object = "index"        // what a mailbox keeps of its messages: cyrus.index, its records, cache and header
	MailboxList Object = "mailbox-list" // mailboxes.db
	AccountData Object = "account-data" // what belongs to an account or a mailbox beside mail: ACL, quota, seen state, subscriptions
	Script      Object = "script"       // a sieve script, its bytecode, the link to the active one
	SyncLog     Object = "sync-log"     // the list of what is to be replicated
	Process     Object = "process"      // a process of Cyrus, or all of a server's
	Network     Object = "network"
	Disk        Object = "disk"
	Clock       Object = "clock"
	// BothSides is the agreement of the two: what people break who take one for the
	// other.
	BothSides Object = "both-sides"
)

// Objects returns all objects, in the order in which they are declared.
func Objects() []Object {
	return []Object{Message, Index, MailboxList, AccountData, Script, SyncLog, Process, Network, Disk, Clock, BothSides}
}
