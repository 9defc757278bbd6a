package target

import (
	"context"
	"slices"
	"time"
)

// IndexView is what a server's index claims, fast and complete, as Cyrus's
// sync protocol tells it. It looks at neither message files nor what a client
// would get. Its calls change nothing.
type IndexView interface {
	// Mailboxes returns the headers of the account's mailboxes, sorted by
	// name, without records (GET USER). A mailbox whose index cannot be
	// opened is absent, as it is in Cyrus. An account that the server does
	// not have is an empty list and no error.
	Mailboxes(ctx context.Context, account string) ([]Mailbox, error)
	// Mailbox returns one mailbox with its records in order of UID, expunged
	// ones that are still kept included (GET FULLMAILBOX). The records may be
	// shared: who wants to change one copies them first.
	Mailbox(ctx context.Context, account, mailbox string) (Mailbox, error)
	// Meta returns what belongs to the account and not to one of its
	// mailboxes (GET META).
	Meta(ctx context.Context, account string) (Meta, error)
}

// AccountReader is an index view that tells of an account at once what [IndexView] tells
// of in parts, and asks its server for nothing twice.
type AccountReader interface {
	// Account returns what Mailboxes and Meta do.
	Account(ctx context.Context, account string) ([]Mailbox, Meta, error)
}

// ReadAccount returns the headers of an account's mailboxes, sorted by name, and what
// belongs to none of them. It changes nothing.
func ReadAccount(ctx context.Context, index IndexView, account string) ([]Mailbox, Meta, error) {
	if reader, ok := index.(AccountReader); ok {
		return reader.Account(ctx, account)
	}
	mailboxes, err := index.Mailboxes(ctx, account)
	if err != nil {
		return nil, Meta{}, err
	}
	meta, err := index.Meta(ctx, account)
	return mailboxes, meta, err
}

// HeadersReader is an index view that tells in one answer what [IndexView.Mailboxes] tells
// of the mailboxes of many accounts, of which somebody has to know the names.
type HeadersReader interface {
	// HeadersOf returns the headers of those of the accounts' mailboxes that can be
	// opened, by account, sorted by name. The names are those that [UserView.Listed]
	// returns.
	HeadersOf(ctx context.Context, names map[string][]string) (map[string][]Mailbox, error)
}

// Listing is what a server's list of mailboxes has of an account.
type Listing struct {
	// Own are the names of its mailboxes as their owner sees them, sorted.
	Own []string
	// Deleted are those that are kept though their user has deleted them, by names that
	// mean something to the view alone.
	Deleted []string
}

// ListingReader is an index view that reads accounts by the list of mailboxes, so that none
// has to be opened to know which there are.
type ListingReader interface {
	// Listings returns what is on the list of each account.
	Listings(ctx context.Context, accounts []string) (map[string]Listing, error)
	// MailboxesListed returns those of an account's listed mailboxes that can be opened,
	// with their records, sorted by name.
	MailboxesListed(ctx context.Context, account string, listed Listing) ([]Mailbox, error)
	// MetaListed returns what belongs to none of its mailboxes.
	MetaListed(ctx context.Context, account string, listed Listing) (Meta, error)
}

// UserView is what users get: IMAP sessions, mail by LMTP, and their scripts by
// ManageSieve.
type UserView interface {
	// Login opens an IMAP session as the account. It never makes a mailbox on
	// a server that is not the master.
	Login(ctx context.Context, account string) (Session, error)
	// Listed returns the names of the account's own mailboxes that are on the
	// server's list (mailboxes.db), sorted, as an administrator's LIST shows them:
	// also of those that cannot be opened, and of the one that holds scripts. It
	// makes none.
	Listed(ctx context.Context, account string) ([]string, error)
	// Accounts returns the accounts that have an INBOX on the server's list, sorted,
	// as an administrator's LIST shows them. It makes none.
	Accounts(ctx context.Context) ([]string, error)
	// Deliver hands one message (with CRLF line ends) to the account by LMTP.
	Deliver(ctx context.Context, account string, message []byte) error
	// SetQuota limits the storage of the account's quota root, in KiB, as an
	// administrator does on its owner's behalf; [NoQuota] lifts the limit.
	SetQuota(ctx context.Context, account string, storageKiB int64) error
	// Scripts opens a ManageSieve session as the account. A target that has
	// none returns an [UnsupportedError].
	Scripts(ctx context.Context, account string) (ScriptSession, error)
}

// ListReader is a user view that tells over one connection what [UserView.Listed] tells of
// several accounts.
type ListReader interface {
	// ListedOf returns each account's names.
	ListedOf(ctx context.Context, accounts []string) (map[string][]string, error)
}

// NoQuota stands for a quota root without a limit, or for none at all.
const NoQuota = -1

// Session is one IMAP session of one account. It is not safe for concurrent
// use. Reading calls use EXAMINE and BODY.PEEK, so they change nothing. Every
// error is either a [RefusedError] (the server answered NO, BAD or BYE), an
// [UnreachableError] (nothing was sent), or means that the answer never came:
// then the operation may have taken effect ([OutcomeOf] tells them apart).
type Session interface {
	// List returns the names of the mailboxes that the user can see, sorted.
	List(ctx context.Context) ([]string, error)
	// Records returns the mailbox's messages in order of UID, without bodies. They may
	// be shared: who wants to change one copies them first.
	Records(ctx context.Context, mailbox string) ([]Record, error)
	// Header returns, by UID, the value of one header field of each message of
	// the mailbox that has it; nil uids means all messages.
	Header(ctx context.Context, mailbox, field string, uids []uint32) (map[uint32]string, error)
	// Bodies calls each with the whole of each message, in order of UID; nil
	// uids means all. A message that the server lists but cannot give is
	// passed with a nil body. The slice is the callee's to keep, and nobody's to
	// change.
	Bodies(ctx context.Context, mailbox string, uids []uint32, each func(uid uint32, body []byte) error) error
	// Append stores messages in one command and returns their UIDs in order,
	// and the UIDVALIDITY that these are under.
	Append(ctx context.Context, mailbox string, messages ...AppendMessage) (uidValidity uint32, uids []uint32, err error)
	// Expunge removes messages for good: \Deleted, then UID EXPUNGE.
	Expunge(ctx context.Context, mailbox string, uids []uint32) error
	MessageChanges
	MailboxChanges
	// Close logs out and gives the connection back.
	Close() error
}

// BodyDigester is a session that tells the SHA-1 of each message as well, in hex,
// because it knows what it is without going through all bytes: of those bytes that
// it gives, not of what an index says of them.
type BodyDigester interface {
	DigestedBodies(ctx context.Context, mailbox string, uids []uint32, each func(uid uint32, body []byte, sha1 string) error) error
}

// DigestedBodies is [Session.Bodies] with the SHA-1 of each message, as
// [DigestBody] makes it.
func DigestedBodies(ctx context.Context, session Session, mailbox string, uids []uint32, each func(uid uint32, body []byte, sha1 string) error) error {
	if digester, ok := session.(BodyDigester); ok {
		return digester.DigestedBodies(ctx, mailbox, uids, each)
	}
	return session.Bodies(ctx, mailbox, uids, func(uid uint32, body []byte) error { return each(uid, body, DigestBody(body)) })
}

// OwnLister is a session that lists its user's own mailboxes without going through all others'
// that there are, as Cyrus does to tell which of them the user may see.
type OwnLister interface {
	ListOwn(ctx context.Context) ([]string, error)
}

// ListOwn returns the names of those mailboxes that a session's user is shown, and that are
// the user's own, sorted.
func ListOwn(ctx context.Context, session Session) ([]string, error) {
	if lister, ok := session.(OwnLister); ok {
		return lister.ListOwn(ctx)
	}
	names, err := session.List(ctx)
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !IsOwn(name) }), err
}

// PartReader is a session that tells of a mailbox's messages no more than is asked for.
type PartReader interface {
	// RecordsOf is [Session.Records] of those messages alone.
	RecordsOf(ctx context.Context, mailbox string, uids []uint32) ([]Record, error)
	// Open opens a mailbox and has the server go through its messages, as
	// [Session.Records] does, and tells of none.
	Open(ctx context.Context, mailbox string) error
}

// RecordsOf returns at least those of a mailbox's messages that are asked for and are
// there.
func RecordsOf(ctx context.Context, session Session, mailbox string, uids []uint32) ([]Record, error) {
	if reader, ok := session.(PartReader); ok && len(uids) > 0 {
		return reader.RecordsOf(ctx, mailbox, uids)
	}
	return session.Records(ctx, mailbox)
}

// Open opens a mailbox and has the server go through its messages.
func Open(ctx context.Context, session Session, mailbox string) error {
	if reader, ok := session.(PartReader); ok {
		return reader.Open(ctx, mailbox)
	}
	_, err := session.Records(ctx, mailbox)
	return err
}

// MessageChanges is what a session can do to messages besides storing and
// expunging them. UIDs that are not there are passed over.
type MessageChanges interface {
	// SetFlags adds flags and keywords and then removes others.
	SetFlags(ctx context.Context, mailbox string, uids []uint32, add, remove []string) error
	// Copy copies messages into another mailbox, Move moves them there.
	Copy(ctx context.Context, mailbox string, uids []uint32, to string) error
	Move(ctx context.Context, mailbox string, uids []uint32, to string) error
}

// MailboxChanges is what a session can do to mailboxes, and tell of them. Names
// are as their owner sees them, in UTF-8.
type MailboxChanges interface {
	CreateMailbox(ctx context.Context, mailbox string) error
	// RenameMailbox renames a mailbox and those below it.
	RenameMailbox(ctx context.Context, from, to string) error
	DeleteMailbox(ctx context.Context, mailbox string) error
	// Subscribe adds the mailbox to the user's subscriptions, or takes it out.
	Subscribe(ctx context.Context, mailbox string, subscribed bool) error
	// SetACL gives the identifier these rights and no others; no rights remove
	// it from the ACL.
	SetACL(ctx context.Context, mailbox, identifier, rights string) error
	// SetAnnotation sets one of [Annotations]; an empty value removes it.
	SetAnnotation(ctx context.Context, mailbox, entry, value string) error
	// Subscriptions returns the names of the subscribed mailboxes, sorted.
	Subscriptions(ctx context.Context) ([]string, error)
	// Settings reads what a mailbox has besides its messages.
	Settings(ctx context.Context, mailbox string) (Settings, error)
	// Status reads a mailbox's counters without opening it.
	Status(ctx context.Context, mailbox string) (Counters, error)
}

// Annotations are the mailbox annotations that snapshots and sessions tell of
// (RFC 5464), by the entry's name.
func Annotations() []string { return []string{"/private/comment", "/shared/comment"} }

// Settings is what a mailbox has besides its messages, as its owner is told.
type Settings struct {
	ACL         string            // as in [Mailbox]
	Annotations map[string]string // by entry; those that are set
	StorageKiB  int64             // the limit of its quota root, or [NoQuota]
}

// Counters are a mailbox's numbers, as STATUS tells them.
type Counters struct {
	Messages      uint32 `json:"messages,omitempty"`
	UIDValidity   uint32 `json:"uidvalidity"`
	UIDNext       uint32 `json:"uidnext"`
	HighestModSeq uint64 `json:"highestmodseq"`
}

// ScriptSession is one ManageSieve session of one account (RFC 5804). It is not
// safe for concurrent use. Its errors say what those of a [Session] do.
type ScriptSession interface {
	// List returns the account's scripts, sorted by name.
	List(ctx context.Context) ([]ScriptInfo, error)
	// Get returns a script's source.
	Get(ctx context.Context, name string) ([]byte, error)
	// Put stores a script, in place of one of that name. It is refused where
	// the script does not compile.
	Put(ctx context.Context, name string, source []byte) error
	// Activate makes the script the only one that runs; an empty name: none.
	Activate(ctx context.Context, name string) error
	// Delete removes a script. It is refused for the active one.
	Delete(ctx context.Context, name string) error
	// Close logs out and gives the connection back.
	Close() error
}

// ScriptInfo is what a [ScriptSession] lists of a script.
type ScriptInfo struct {
	Name   string
	Active bool
}

// AppendMessage is one message to be stored by APPEND.
type AppendMessage struct {
	Flags        []string
	InternalDate time.Time // zero: the server's own time
	Body         []byte    // the whole message, CRLF line ends; nobody changes it any more
	// SHA1 is the Body's, in hex, or empty where whoever sends it does not know. The
	// simulator takes it on trust for the GUID, to read no mail twice in one process;
	// real servers are not told.
	SHA1 string
}

// HostView is what an administrator sees on the server's machine. It can be
// read also while Cyrus on it is dead: a disk outlives its processes.
type HostView interface {
	// SyncLog returns the log of changes that await replication.
	SyncLog(ctx context.Context) (SyncLog, error)
	// Processes returns Cyrus's processes, sorted by name and pid; none when
	// the server is down.
	Processes(ctx context.Context) ([]Process, error)
	// Syslog returns what Cyrus has logged since the pair was made or reset.
	Syslog(ctx context.Context) ([]byte, error)
	// CompiledScripts returns the account's compiled sieve scripts, which are
	// what delivery runs, sorted by name.
	CompiledScripts(ctx context.Context, account string) ([]CompiledScript, error)
	// CompileScript compiles a script apart from any account (sievec) and
	// returns the SHA-1 of the outcome, in hex.
	CompileScript(ctx context.Context, source []byte) (sha1 string, err error)
	// Files returns the message files of the account's mailboxes that mailboxes.db lists,
	// sorted by mailbox and UID, also where the index cannot be opened. As in an
	// [IndexView], what is deleted and what holds scripts is left out. Nothing can be
	// told of a server that is down.
	Files(ctx context.Context, account string) ([]MailboxFiles, error)
	// Databases returns the files beside the messages: the server's, those of these
	// accounts, and those of each of the mailboxes that [HostView.Files] tells of.
	// Nothing can be told of a server that is down.
	Databases(ctx context.Context, accounts []string) ([]Database, error)
	// Machine looks at the server's clock and at the disk that holds its mail, and
	// writes nothing to find out. Nothing can be told of a server that is down.
	Machine(ctx context.Context) (Machine, error)
	// DataFiles returns all files that hold mail, indexes and scripts, by path,
	// each with its size and times of change as one opaque text: equal before
	// and after what changes nothing.
	DataFiles(ctx context.Context) (map[string]string, error)
}

// CompiledScript is one file of bytecode, and what runs at delivery if its
// name is the one that defaultbc points to.
type CompiledScript struct {
	Name     string // of the script: "rules"
	SHA1     string // of the bytecode, in hex
	Modified time.Time
	Active   bool
}

// SyncLog is a server's log of changes for replication: the file that Cyrus
// appends to, and the batch that sync_client has taken and not yet finished.
type SyncLog struct {
	Current LogFile `json:"current"` // sync/log
	InWork  LogFile `json:"in_work"` // sync/log-run
}

// Pending returns the number of entries in both files.
func (l SyncLog) Pending() int { return len(l.Current.Entries) + len(l.InWork.Entries) }

// Bytes returns the size of both files.
func (l SyncLog) Bytes() int64 { return l.Current.Bytes + l.InWork.Bytes }

// LogFile is one file of the sync log. The zero value is a file that is not
// there.
type LogFile struct {
	Entries  []string  `json:"entries,omitempty"` // lines: "APPEND user.alice"
	Bytes    int64     `json:"bytes"`
	Modified time.Time `json:"modified,omitzero"`
}

// Process is one process of Cyrus.
type Process struct {
	PID   int          `json:"pid"`
	Name  string       `json:"name"` // "sync_client", "imapd", "master", …
	State ProcessState `json:"state"`
}

// ProcessState is a process's state as the kernel tells it.
type ProcessState string

const (
	ProcessRunning ProcessState = "running" // on a processor, or waiting
	ProcessStopped ProcessState = "stopped" // by a signal: it does nothing
	ProcessZombie  ProcessState = "zombie"
)

// Alive says whether any process of a server can answer: a server that is down
// has none, and of one that hangs all are stopped.
func Alive(processes []Process) bool {
	return slices.ContainsFunc(processes, func(p Process) bool { return p.State == ProcessRunning })
}
