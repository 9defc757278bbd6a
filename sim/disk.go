package sim

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// inbox is the only mailbox that an account has so far.
const inbox = "INBOX"

// box names a mailbox of an account as its owner does.
type box struct{ account, mailbox string }

// internal is Cyrus's own name of the mailbox, as the sync log has it.
func (b box) internal() string { return "user." + b.account }

// disk is what outlives a server's processes.
type disk struct {
	mailboxes map[box]*mailbox
	spool     map[string][]byte // message files, by GUID; never changed once written
	delivered map[string]bool   // account and Message-ID, for duplicate suppression
	log       logFile           // sync/log
	run       logFile           // sync/log-run: the batch in work
}

func newDisk() *disk {
	return &disk{mailboxes: map[box]*mailbox{}, spool: map[string][]byte{}, delivered: map[string]bool{}}
}

// mailbox is one mailbox's index.
type mailbox struct {
	uniqueID      string
	uidValidity   uint32
	lastUID       uint32
	highestModSeq uint64
	acl           string
	records       []target.Record // by UID
}

// newMailbox makes an account's INBOX, as autocreate and replication leave it.
func (p *Pair) newMailbox(account string) *mailbox {
	return &mailbox{
		uniqueID:    fmt.Sprintf("%08x%08x", p.rand.Uint32(), p.rand.Uint32()),
		uidValidity: uint32(p.now.Unix()), highestModSeq: 1,
		acl: account + " lrswipkxtecdan",
	}
}

func (m *mailbox) clone() *mailbox {
	c := *m
	c.records = cloneRecords(m.records)
	return &c
}

// cloneRecords copies records so deeply that nothing is shared.
func cloneRecords(records []target.Record) []target.Record {
	copied := slices.Clone(records)
	for i := range copied {
		copied[i].Flags = slices.Clone(copied[i].Flags)
	}
	return copied
}

// nextModSeq counts one change of the mailbox.
func (m *mailbox) nextModSeq() uint64 {
	m.highestModSeq++
	return m.highestModSeq
}

// add puts a message into the mailbox and returns its UID.
func (m *mailbox) add(guid string, size int, date time.Time, flags []string) uint32 {
	m.lastUID++
	flags = slices.Clone(flags)
	slices.Sort(flags)
	m.records = append(m.records, target.Record{
		UID: m.lastUID, GUID: guid, Size: uint32(size), InternalDate: date.UTC().Truncate(time.Second),
		Flags: flags, ModSeq: m.nextModSeq(),
	})
	return m.lastUID
}

// find returns the live message of that UID, or nil.
func (m *mailbox) find(uid uint32) *target.Record {
	i, ok := slices.BinarySearchFunc(m.records, uid, func(r target.Record, uid uint32) int { return int(r.UID) - int(uid) })
	if !ok || m.records[i].Expunged {
		return nil
	}
	return &m.records[i]
}

// expunge turns a message into a tombstone: \Deleted is set, and then the
// message is expunged, each with a modseq of its own. Its file stays, since
// expunge_mode is delayed.
func (m *mailbox) expunge(uid uint32) bool {
	record := m.find(uid)
	if record == nil {
		return false
	}
	m.nextModSeq()
	if !slices.Contains(record.Flags, `\Deleted`) {
		record.Flags = append(record.Flags, `\Deleted`)
		slices.Sort(record.Flags)
	}
	record.Expunged, record.ModSeq = true, m.nextModSeq()
	return true
}

// store writes a message file and returns its GUID.
func (d *disk) store(body []byte) string {
	sum := sha1.Sum(body)
	guid := hex.EncodeToString(sum[:])
	d.spool[guid] = body
	return guid
}

// logFile is one file of the sync log.
type logFile struct {
	entries  []logEntry
	bytes    int64
	modified time.Time
}

// logEntry is one line: what kind of change, to which mailbox.
type logEntry struct {
	kind string
	box
}

func (e logEntry) String() string { return e.kind + " " + e.internal() }

func (f *logFile) append(at time.Time, e logEntry) {
	f.entries = append(f.entries, e)
	f.bytes += int64(len(e.String()) + 1)
	f.modified = at
}

func (f logFile) view() target.LogFile {
	v := target.LogFile{Bytes: f.bytes, Modified: f.modified}
	for _, e := range f.entries {
		v.Entries = append(v.Entries, e.String())
	}
	return v
}
