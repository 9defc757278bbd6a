package sim

import (
	"maps"
	"slices"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

const inbox = "INBOX"

// disk is what outlives a server's processes.
type disk struct {
	list      mailboxList
	folders   folders
	accounts  map[string]*accountState
	full      bool                       // no room for mail is left
	readOnly  bool                       // the file system that holds mail takes no writes
	delivered map[delivery]bool          // for duplicate suppression
	server    map[annotation]string      // the server's own annotations
	log       logFile                    // sync/log
	run       logFile                    // sync/log-run: the batch in work
	unsynced  []unsynced                 // what a power cut takes back, the oldest first
	harmed    map[string]bool            // GUIDs of messages whose files were harmed
	backups   map[string]*folder         // of mailboxes' directories, by unique ID
	kept      map[string]*folder         // what was put aside before it was rebuilt, by where it lies
	remains   map[string]map[uint32]file // message files of mailboxes whose directory outlived their removal, by unique ID
}

// delivery is one message, by its Message-ID and Date, delivered to one mailbox, by
// its unique ID.
type delivery struct{ messageID, date, mailbox string }

// accountState is what belongs to a user and to none of its mailboxes.
type accountState struct {
	modSeq        uint64 // the highest that any of its mailboxes has
	uidValidity   uint32 // the last one given
	quotaRoot     string // the internal name of the root, or empty for none
	quotaKiB      int64  // its limit, or [target.NoQuota]
	subscriptions map[string]bool
	hasSubs       bool                    // its file of subscriptions was ever made
	otherLimits   map[string]uint64       // of the quota root, but for storage: told by a master
	quotaModSeq   uint64                  // the same
	seen          map[string]seenState    // of others' mailboxes, by unique ID
	bytecode      map[string]bytecode     // compiled scripts by name
	scriptList    map[uint32]listedScript // of stored scripts, by UID: dav.db; written by installScripts alone
	scriptRows    []string                // their IDs, in the order of first storing: rows of dav.db
	listings      int                     // changes of both so far
	defaultScript string                  // where the link defaultbc points to

	conversationsLost bool // conversations.db is damaged or gone; nobody notices
	// strayed are the GUIDs of messages that came with an INBOX that sync_server made:
	// it notes them in user/a/alice.conversations, where the INBOX is not found by its
	// unique ID yet, and nobody looks there again. One that comes once more, elsewhere, is
	// noted where it belongs.
	strayed map[string]bool
	// wasReset: sync_reset has removed conversations.db, and no INBOX has been made since.
	// Where it could not open the INBOX it leaves the file, and an INBOX of the same
	// unique ID finds it again.
	wasReset bool
	// entryLost: mailboxes.db has lost the entry of the account's INBOX, and of no other
	// mailbox. An INBOX of the same unique ID finds conversations.db again.
	entryLost  bool
	seenBroken bool // seen.db cannot be read: who tries dies of it
}

func newDisk() *disk {
	return &disk{folders: folders{at: map[string]*folder{}}, accounts: map[string]*accountState{}, server: map[annotation]string{}, delivered: map[delivery]bool{}, remains: map[string]map[uint32]file{}, harmed: map[string]bool{}}
}

func newAccount() *accountState {
	return &accountState{
		quotaKiB: target.NoQuota, subscriptions: map[string]bool{},
		otherLimits: map[string]uint64{}, seen: map[string]seenState{}, bytecode: map[string]bytecode{}, scriptList: map[uint32]listedScript{},
	}
}

func (a *accountState) clone() *accountState {
	c := *a
	c.subscriptions, c.seen = maps.Clone(a.subscriptions), maps.Clone(a.seen)
	c.otherLimits = maps.Clone(a.otherLimits)
	c.bytecode, c.scriptList = maps.Clone(a.bytecode), maps.Clone(a.scriptList)
	c.scriptRows = slices.Clone(a.scriptRows)
	return &c
}

// clone copies what a replica that is up to date has of a master's disk.
func (d *disk) clone() *disk {
	c := newDisk()
	c.list = d.list.clone()
	for id, f := range d.folders.at {
		c.folders.put(id, f.clone())
	}
	for name, a := range d.accounts {
		c.accounts[name] = a.clone()
	}
	return c
}

// account returns what belongs to the user of that name, and makes it if need be.
func (d *disk) account(name string) *accountState {
	a, ok := d.accounts[name]
	if !ok {
		a = newAccount()
		d.accounts[name] = a
	}
	return a
}

// folders are the directories of mailboxes.
type folders struct {
	at      map[string]*folder // by unique ID; to be read, written by put and remove
	changes int                // so far
}

func (f *folders) put(uniqueID string, there *folder) {
	f.changes++
	f.at[uniqueID] = there
}

func (f *folders) remove(uniqueID string) {
	f.changes++
	delete(f.at, uniqueID)
}

// home is where a mailbox's directory was found, which holds until any comes or goes.
// Every look at a mailbox asks for it.
type home struct {
	of      *folders
	changes int // of these
	folder  *folder
}

// folder returns the directory of a mailbox, or nil where it is gone.
func (d *disk) folder(e *entry) *folder {
	if e.home.of != &d.folders || e.home.changes != d.folders.changes {
		e.home = home{&d.folders, d.folders.changes, d.folders.at[e.uniqueID]}
	}
	return e.home.folder
}

// logFile is one file of the sync log.
type logFile struct {
	entries  []logEntry
	shown    []string // the first of them, as lines: those that somebody has looked at
	bytes    int64
	modified time.Time
	broken   bool // its last line is half of one, and goes on with what is written next
}

// logEntry is one line: what kind of change, to what.
type logEntry struct {
	kind, first, second string
	text                string // of a log that was cut or written by hand; empty: as Cyrus writes it
}

// String returns the line without its end.
func (e logEntry) String() string {
	if e.text != "" {
		return e.text
	}
	if e.second == "" {
		return e.kind + " " + e.first
	}
	return e.kind + " " + e.first + " " + e.second
}

// length is that of the line, its end included.
func (e logEntry) length() int {
	if e.text != "" {
		return len(e.text) + len("\n")
	}
	length := len(e.kind) + len(" ") + len(e.first) + len("\n")
	if e.second != "" {
		length += len(" ") + len(e.second)
	}
	return length
}

// usualEntries is how many a log has, or fewer, when sync_client takes it.
const usualEntries = 8

func (f *logFile) append(at time.Time, e logEntry) {
	f.bytes += int64(e.length())
	if f.broken {
		last := len(f.entries) - 1
		e, f.entries, f.broken = readEntry(f.entries[last].String()+e.String()), f.entries[:last], false
		f.shown = f.shown[:min(len(f.shown), last)]
	}
	if f.entries == nil {
		f.entries = make([]logEntry, 0, usualEntries)
	}
	f.entries = append(f.entries, e)
	f.modified = at
}

// view makes lines of what was written since the last look: the log is looked at
// again and again while it grows.
func (f *logFile) view() target.LogFile {
	for _, e := range f.entries[len(f.shown):] {
		f.shown = append(f.shown, e.String())
	}
	return target.LogFile{Entries: slices.Clip(f.shown), Bytes: f.bytes, Modified: f.modified}
}

// names returns the keys of a map in order, so that nothing depends on Go's.
func names[V any](of map[string]V) []string {
	found := slices.AppendSeq(make([]string, 0, len(of)), maps.Keys(of))
	slices.Sort(found)
	return found
}
