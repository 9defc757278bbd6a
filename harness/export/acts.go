package export

// act is one thing that an exported plan does, in the words that both formats share.
type act struct {
	kind    actKind
	text    string // of a comment, a file's name, or a script's source
	server  int    // 1 or 2: on which it happens
	account string
	markers []string // of messages: their Subject
	count   int      // how many are expunged, or how often something is done
	newest  bool     // of messages, the newest ones; else the oldest
	seconds int      // how long to wait at most
	words   []string // of a command
	harm    string   // what becomes of a file
	at      int      // byte of the file
}

type actKind int

const (
	actComment actKind = iota
	actDeliver
	actAppend
	actExpunge
	actWait
	actStopReplication
	actKill
	actPromote
	actHarm           // a file of an account's INBOX
	actUser           // a user's IMAP command, its words without a tag
	actAdmin          // the same of the administrator
	actFlag           // a message's flags; words: how, and which
	actExpungeMessage // of a name
	actScript         // is stored and activated
	actTool           // a command of Cyrus's
	actReadOnly       // the file system that holds mail
	actKillSyncClient
	actForeignLine // in the sync log
	actResync      // of the other server from this one
	actCrashes     // must be none; judged at the end
	actNameLists   // mailboxes.db is harmed
	actHook        // words[0]: what is done to a server as a whole
)

// Hooks, which say how a server as a whole is treated where it stands.
const (
	hookStop  = "STOP"
	hookStart = "START"
	hookHang  = "HANG"
)
