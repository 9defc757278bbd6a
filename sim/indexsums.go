package sim

import (
	"iter"
	"slices"
)

// sums are kept of an index's records so that nobody has to go through all of
// them for one: what opens a mailbox asks whether any is rotten, each delivery how
// much mail there is, each replication what has changed.
type sums struct {
	rotten   int
	messages int
	bytes    int64
	// annotations are the messages' parts of SYNC_CRC_ANNOT.
	annotations uint32
	// newest are the highest modseqs of each blockLength records. One may be too
	// high, where the record that had it was changed.
	newest []uint64
	// conversations counts the records of each.
	conversations map[uint64]int
}

const blockLength = 256

// changed drops what is kept of the records as they were.
func (x *index) changed() { x.shown, x.shownLive, x.scripts = nil, nil, nil }

// put puts a record at a place, in that of the one which is there, or after all.
func (x *index) put(i int, r record) {
	x.changed()
	r.annotations = r.annotationsCRC(x.text[:])
	switch {
	case i == len(x.records):
		x.records = append(x.records, r)
	case x.records[i].uid == r.uid:
		x.sums.count(x.records[i], -1)
		x.records[i] = r
	default:
		x.records = slices.Insert(x.records, i, r)
		x.sumUp()
		return
	}
	x.sums.count(r, 1)
	x.sums.note(i, r)
}

func (s *sums) count(r record, by int) {
	if r.rotten {
		s.rotten += by
	}
	if !r.expunged {
		s.messages += by
		s.bytes += int64(by) * int64(r.size)
		s.annotations ^= r.annotations
	}
	if r.conversation != 0 {
		if s.conversations == nil {
			s.conversations = map[uint64]int{}
		}
		s.conversations[r.conversation] += by
	}
}

func (s *sums) note(i int, r record) {
	block := i / blockLength
	if block == len(s.newest) {
		s.newest = append(s.newest, 0)
	}
	s.newest[block] = max(s.newest[block], r.modSeq)
}

// sumUp makes the sums anew, after records were taken out or put in between.
func (x *index) sumUp() {
	x.sums = sums{newest: x.sums.newest[:0]}
	for i, r := range x.records {
		x.sums.count(r, 1)
		x.sums.note(i, r)
	}
}

// remove takes records out, without regard to SYNC_CRC.
func (x *index) remove(which func(record) bool) {
	before := len(x.records)
	if x.records = slices.DeleteFunc(x.records, which); len(x.records) != before {
		x.sumUp()
		x.changed()
	}
}

// spoil makes a record's own checksum fail, or hold again.
func (x *index) spoil(i int, rotten bool) {
	r := x.records[i]
	r.rotten = rotten
	x.put(i, r)
}

// rotten says whether any record's own checksum does not hold.
func (x *index) rotten() bool { return x.sums.rotten > 0 }

// exists counts the messages, and bytes the length of them.
func (x *index) exists() (messages int, bytes int64) { return x.sums.messages, x.sums.bytes }

// changedSince goes through the records with a higher modseq.
func (x *index) changedSince(modSeq uint64) iter.Seq[record] {
	return func(yield func(record) bool) {
		for block, newest := range x.sums.newest {
			if newest <= modSeq {
				continue
			}
			from := block * blockLength
			for _, r := range x.records[from:min(from+blockLength, len(x.records))] {
				if r.modSeq > modSeq && !yield(r) {
					return
				}
			}
		}
	}
}
