package sim

import (
	"hash/crc32"
	"slices"
	"strconv"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// record is one message in an index. Times are seconds since 1970.
type record struct {
	uid           uint32
	size          uint32
	modSeq        uint64
	createdModSeq uint64
	internalDate  int64
	lastUpdated   int64
	saveDate      int64
	guid          string   // SHA-1 of the message, in hex
	flags         []string // sorted, with keywords; never changed in place
	thread        uint64   // as the sync protocol calls the conversation; 0: none
	notes         []note   // annotations that a replica was told; never changed in place
	crc           uint32   // what it adds to the mailbox's SYNC_CRC
	annotations   uint32   // what it adds to SYNC_CRC_ANNOT, were it no tombstone
	expunged      bool     // a tombstone
	unlinked      bool     // a tombstone whose file is gone
	rotten        bool     // its own checksum does not hold
	conversation  uint64   // that it belongs to; 0: to none
}

func (r record) has(flag string) bool { return slices.Contains(r.flags, flag) }

// syncCRC is what the record adds to SYNC_CRC: it covers what is recorded of
// the message, never its bytes, and nothing of a tombstone.
// It is written down in text, which is the caller's to use again.
func (r *record) syncCRC(text []byte) uint32 {
	if r.expunged {
		return 0
	}
	flags := uint32(0)
	for _, flag := range r.flags {
		flags ^= crc32.ChecksumIEEE(appendLower(text[:0], flag))
	}
	text = append(strconv.AppendUint(text[:0], uint64(r.uid), 10), ' ')
	text = append(strconv.AppendUint(text, r.modSeq, 10), ' ')
	text = append(strconv.AppendInt(text, r.lastUpdated, 10), " ("...)
	text = append(strconv.AppendUint(text, uint64(flags), 10), ") "...)
	text = append(strconv.AppendInt(text, r.internalDate, 10), ' ')
	return crc32.ChecksumIEEE(append(text, r.guid...))
}

// appendLower writes a flag, which is ASCII, in lower case.
func appendLower(text []byte, flag string) []byte {
	for i := range len(flag) {
		c := flag[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		text = append(text, c)
	}
	return text
}

// view returns the record as the index view tells it.
func (r *record) view() target.Record {
	return target.Record{
		UID: r.uid, GUID: r.guid, Size: r.size, InternalDate: time.Unix(r.internalDate, 0).UTC(),
		Flags: slices.Clip(r.flags), ModSeq: r.modSeq, Expunged: r.expunged,
	}
}

// view returns all records as the index view tells them. They are the caller's to read
// alone.
func (x *index) view() []target.Record {
	if x.shown == nil {
		x.shown = make([]target.Record, len(x.records))
		for i := range x.records {
			x.shown[i] = x.records[i].view()
		}
	}
	return x.shown
}

// viewLive is [index.view] without tombstones.
func (x *index) viewLive() []target.Record {
	messages, _ := x.exists()
	if messages == len(x.records) {
		return x.view()
	}
	if x.shownLive == nil {
		x.shownLive = make([]target.Record, 0, messages)
		for i := range x.records {
			if r := &x.records[i]; !r.expunged {
				x.shownLive = append(x.shownLive, r.view())
			}
		}
	}
	return x.shownLive
}

// indexState is what cyrus.index looks like as a file.
type indexState int

const (
	indexWhole indexState = iota
	indexCut              // cut off, or its header is not one
	indexEmpty            // without a byte
	indexGone             // not there
)

// index is one mailbox's cyrus.index.
type index struct {
	state         indexState
	uidValidity   uint32
	lastUID       uint32
	highestModSeq uint64
	createdModSeq uint64
	deletedModSeq uint64   // of the last tombstone that was forgotten
	recentUID     uint32   // up to which a session of the owner has been told of messages
	told          told     // what only a master has said
	crc           uint32   // SYNC_CRC, as the header has it
	records       []record // in order of UID
	sums          sums     // of them
	ghosts        int      // messages that the header counts and no record tells of
	// shown are the records as the index view tells them, which is asked for far more
	// often than they change; shownLive those that are no tombstones. nil: they have
	// changed since.
	shown, shownLive []target.Record
	// scripts is what the records were last taken for, where they are scripts; nil: they
	// have changed since.
	scripts *scriptList
	text    [128]byte // in which checksums are written down
}

// at returns where the record of that UID is, or would be.
func (x *index) at(uid uint32) (int, bool) {
	return slices.BinarySearchFunc(x.records, uid, func(r record, uid uint32) int { return int(int64(r.uid) - int64(uid)) })
}

// live returns the message of that UID, or nil where there is none any more.
func (x *index) live(uid uint32) *record {
	i, ok := x.at(uid)
	if !ok || x.records[i].expunged {
		return nil
	}
	return &x.records[i]
}

// write puts a record in the place of the one that has its UID, or after all.
func (x *index) write(r record) {
	r.crc = r.syncCRC(x.text[:])
	i, ok := x.at(r.uid)
	if ok {
		x.crc ^= x.records[i].crc
	}
	x.put(i, r)
	x.crc ^= r.crc
	x.lastUID = max(x.lastUID, r.uid)
}

// recalculate works SYNC_CRC out anew.
func (x *index) recalculate() {
	x.crc, x.ghosts = 0, 0
	for i := range x.records {
		x.records[i].crc = x.records[i].syncCRC(x.text[:])
		x.crc ^= x.records[i].crc
	}
}
