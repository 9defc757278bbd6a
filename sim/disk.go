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
	folders   map[string]*folder // by unique ID
	accounts  map[string]*accountState
	full      bool                  // no room for mail is left
	readOnly  bool                  // the file system that holds mail takes no writes
	delivered map[delivery]bool     // for duplicate suppression
	server    map[annotation]string // the server's own annotations
	log       logFile               // sync/log
	run       logFile               // sync/log-run: the batch in work
	unsynced  []unsynced            // what a power cut takes back, the oldest first
	backups   map[string]*folder    // of mailboxes' directories, by unique ID
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
	hasSubs       bool                 // its file of subscriptions was ever made
	otherLimits   map[string]uint64    // of the quota root, but for storage: told by a master
	quotaModSeq   uint64               // the same
	seen          map[string]seenState // of others' mailboxes, by unique ID
	bytecode      map[string]bytecode  // compiled scripts by name
	contents      map[uint32]string    // of stored scripts: SHA-1 of the source as it was stored, by UID
	defaultScript string               // where the link defaultbc points to

	conversationsLost bool // conversations.db is damaged or gone; nobody notices
	seenBroken        bool // seen.db cannot be read: who tries dies of it
}

func newDisk() *disk {
	return &disk{folders: map[string]*folder{}, accounts: map[string]*accountState{}, server: map[annotation]string{}, delivered: map[delivery]bool{}}
}

func newAccount() *accountState {
	return &accountState{
		quotaKiB: target.NoQuota, subscriptions: map[string]bool{},
		otherLimits: map[string]uint64{}, seen: map[string]seenState{}, bytecode: map[string]bytecode{}, contents: map[uint32]string{},
	}
}

func (a *accountState) clone() *accountState {
	c := *a
	c.subscriptions, c.seen = maps.Clone(a.subscriptions), maps.Clone(a.seen)
	c.otherLimits = maps.Clone(a.otherLimits)
	c.bytecode, c.contents = maps.Clone(a.bytecode), maps.Clone(a.contents)
	return &c
}

// clone copies what a replica that is up to date has of a master's disk.
func (d *disk) clone() *disk {
	c := newDisk()
	c.list = d.list.clone()
	for id, f := range d.folders {
		c.folders[id] = f.clone()
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

// folder returns the directory of a mailbox, or nil where it is gone.
func (d *disk) folder(e *entry) *folder { return d.folders[e.uniqueID] }

// logFile is one file of the sync log.
type logFile struct {
	entries  []logEntry
	bytes    int64
	modified time.Time
	broken   bool // its last line is half of one, and goes on with what is written next
}

// logEntry is one line: what kind of change, to what.
type logEntry struct {
	kind, first, second string
	line                string // as it was written; empty: not yet
}

func (e logEntry) String() string {
	switch {
	case e.line != "":
		return e.line
	case e.second == "":
		return e.kind + " " + e.first
	}
	return e.kind + " " + e.first + " " + e.second
}

func (f *logFile) append(at time.Time, e logEntry) {
	e.line = e.String()
	f.bytes += int64(len(e.line) + 1)
	if f.broken {
		last := len(f.entries) - 1
		e, f.entries, f.broken = readEntry(f.entries[last].line+e.line), f.entries[:last], false
	}
	f.entries = append(f.entries, e)
	f.modified = at
}

func (f logFile) view() target.LogFile {
	v := target.LogFile{Bytes: f.bytes, Modified: f.modified}
	if len(f.entries) > 0 {
		v.Entries = make([]string, len(f.entries))
	}
	for i, e := range f.entries {
		v.Entries[i] = e.String()
	}
	return v
}

// names returns the keys of a map in order, so that nothing depends on Go's.
func names[V any](of map[string]V) []string { return slices.Sorted(maps.Keys(of)) }
