package sim

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
)

// told are fields of a mailbox's header that the model has no use for. A real
// master sends them, and is told them again, or it would find its replica changed.
type told struct {
	recentTime, lastAppended, pop3Login, pop3ShowAfter int64

	conversations uint64 // XCONVMODSEQ
	options       string
	at            uint64 // HIGHESTMODSEQ when it was told
}

// note is one annotation of a message.
type note struct {
	annotation
	value string
}

// ownNotes is where Cyrus tells, as annotations, what it keeps of a message beside.
const ownNotes = "/vendor/cmu/cyrus-imapd/"

// threadOf returns the ID of the conversation that a message begins.
func threadOf(guid string) uint64 {
	const mask = 0x91f3d9e10b690b12 // Cyrus's
	var sum [8]byte
	if _, err := hex.Decode(sum[:], []byte(guid[:16])); err != nil {
		return 0
	}
	return binary.BigEndian.Uint64(sum[:]) ^ mask
}

// shownNotes returns a record's annotations as the sync protocol tells them: the
// users', and then the server's own.
func (r record) shownNotes() []note {
	notes := make([]note, 0, len(r.notes)+3)
	notes = append(notes, r.notes...)
	own := func(name, value string) {
		notes = append(notes, note{annotation{entry: ownNotes + name}, value})
	}
	if r.thread != 0 {
		own("thrid", fmt.Sprintf("%016x", r.thread))
	}
	if r.saveDate != 0 {
		own("savedate", strconv.FormatInt(r.saveDate, 10))
	}
	if r.createdModSeq != 0 {
		own("createdmodseq", strconv.FormatUint(r.createdModSeq, 10))
	}
	return notes
}

// keepNote takes in one annotation of a record.
func (r *record) keepNote(n note) {
	name, own := strings.CutPrefix(n.entry, ownNotes)
	switch {
	case own && name == "thrid":
		r.thread, _ = strconv.ParseUint(n.value, 16, 64)
	case own && name == "savedate":
		r.saveDate, _ = strconv.ParseInt(n.value, 10, 64)
	case own && name == "createdmodseq":
		r.createdModSeq, _ = strconv.ParseUint(n.value, 10, 64)
	default:
		r.notes = append(r.notes, n)
	}
}

// noAnnotations is SYNC_CRC_ANNOT of a mailbox whose messages have none.
const noAnnotations = 12345678

// annotationCRC is SYNC_CRC_ANNOT, which covers messages' annotations, the server's
// own among them, and neither the mailbox's nor a tombstone's.
func (x *index) annotationCRC() uint32 { return noAnnotations ^ x.sums.annotations }

// annotationsCRC is what the record adds to SYNC_CRC_ANNOT where it is no tombstone. It is
// written down in text, which is the caller's to use again.
func (r *record) annotationsCRC(text []byte) uint32 {
	crc := uint32(0)
	add := func(entry, account string, value []byte) {
		line := append(strconv.AppendUint(text[:0], uint64(r.uid), 10), ' ')
		line = append(append(line, entry...), ' ')
		line = append(append(line, account...), ' ')
		crc ^= crc32.ChecksumIEEE(append(line, value...))
	}
	for _, n := range r.notes {
		add(n.entry, n.account, []byte(n.value))
	}
	var number [20]byte
	if r.thread != 0 {
		add(ownNotes+"thrid", "", strconv.AppendUint(number[:0], r.thread, 16)) // without leading zeros, here
	}
	if r.saveDate != 0 {
		add(ownNotes+"savedate", "", strconv.AppendInt(number[:0], r.saveDate, 10))
	}
	if r.createdModSeq != 0 {
		add(ownNotes+"createdmodseq", "", strconv.AppendUint(number[:0], r.createdModSeq, 10))
	}
	return crc
}
