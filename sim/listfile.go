package sim

import (
	"cmp"
	"math/bits"
	"slices"
)

// listFile is mailboxes.db as a file, a twoskip database: each change adds a transaction
// to its end, and now and then it is written anew in one. Who meets a file that is cut
// off keeps the transactions that are whole, in the order in which they were written: so
// what was renamed or given rights after the cut is again what it was before, and what
// was made after it is gone.
type listFile struct {
	writes []listWrite
	size   int // bytes
	packed int // bytes that it had when it was written anew last
}

// listWrite is one transaction.
type listWrite struct {
	end  int // where it ends, in bytes
	name string
	is   *entry // what the list has of the name from then on; nil: nothing
}

// Sizes of what twoskip writes, in bytes.
const (
	listHead   = 336   // the header, and the record that all others hang on
	listProbe  = 576   // the entry of the account by which a pair is probed
	listCommit = 24    // the end of a transaction
	listPacks  = 16834 // below which the file is never written anew
)

// Sizes of an entry's text without what differs: by name, and by unique ID.
const (
	textByName, textByID           = 83, 64
	halfTextByName, halfTextByID   = 47, 28
	shortTextByName, shortTextByID = 75, 60
	formerName                     = 32 // of each name that it had, without the name
	uniqueIDLength                 = 24
)

// twoskipRecord is how long a record is. To how many chains it belongs is drawn: to one
// more with half the chance each time.
func twoskipRecord(key, value int, chance uint64) int {
	chains := 1 + bits.TrailingZeros64(chance|1<<30)
	return 16 + 8*(chains+1) + (key+value+7)&^7
}

// drawn returns numbers that the entry's unique ID decides, which chance has drawn, and
// how long the file is.
func (f *listFile) drawn(e *entry) uint64 {
	return scatter(uint64(fnvBasis.with(e.uniqueID)) + uint64(f.size))
}

// add adds a transaction of an entry's two records.
func (f *listFile) add(e *entry, byName, byID int, is *entry) {
	chance := f.drawn(e)
	f.size += twoskipRecord(1+len(e.name), byName, chance) + twoskipRecord(1+uniqueIDLength, byID, chance>>32) + listCommit
	f.writes = append(f.writes, listWrite{f.size, e.name, is})
}

// begin adds what is written of an INBOX before it is made: that there is nothing yet.
func (f *listFile) begin(e *entry) { f.add(e, halfTextByName, halfTextByID+len(e.name), nil) }

// put adds an entry as it is now.
func (f *listFile) put(e *entry) {
	kept := *e
	if e.kind == entryTombstone {
		f.add(e, shortTextByName, shortTextByID+len(e.name), &kept)
		return
	}
	rights := 0
	for _, g := range e.acl {
		rights += len(g.identifier) + len(g.rights) + 2
	}
	byID := textByID + len(e.name) + rights
	for _, name := range e.formerNames {
		byID += formerName + len(name)
	}
	f.add(e, textByName+rights, byID, &kept)
}

// remove adds that an entry is gone.
func (f *listFile) remove(e *entry) { f.add(e, -len(e.name), -uniqueIDLength, nil) }

// pack writes the file anew, if it has grown enough: in one transaction.
func (f *listFile) pack(entries []*entry) {
	if f.size <= max(listPacks, 2*f.packed) {
		return
	}
	*f = listFile{size: listHead + listProbe}
	for _, e := range entries {
		f.put(e)
	}
	for i := range f.writes {
		f.writes[i].end = f.size
	}
	f.packed = f.size
}

// rewrote notes that an entry of the list was changed in its place.
func (l *mailboxList) rewrote(e *entry) {
	l.file.put(e)
	l.file.pack(l.entries)
}

// cut leaves what is whole in the first half of the file, and says how many entries of
// how many those are.
func (l *mailboxList) cut() (kept, of int) {
	of = len(l.entries)
	whole := listFile{size: listHead, packed: l.file.packed}
	if l.file.size/2 > listHead+listProbe {
		whole.size += listProbe
	}
	cut := mailboxList{}
	for _, w := range l.file.writes {
		if w.end > l.file.size/2 {
			break
		}
		whole.size, whole.writes = w.end, append(whole.writes, w)
		cut.drop(w.name)
		if w.is != nil {
			again := *w.is
			cut.place(&again)
		}
	}
	*l = cut
	l.file, l.unreadable = whole, whole.size == listHead
	return len(l.entries), of
}

// copied returns the file of a replica that has got these entries: accounts one after the
// other, in an order that chance has drawn.
func copiedListFile(entries []*entry) listFile {
	f := listFile{size: listHead + listProbe}
	order := map[string]uint64{}
	for _, e := range entries {
		if isInbox(e.name) {
			order[e.owner()] = f.drawn(e)
		}
	}
	for _, e := range slices.SortedStableFunc(slices.Values(entries), func(a, b *entry) int { return cmp.Compare(order[a.owner()], order[b.owner()]) }) {
		f.made(e)
	}
	f.pack(entries)
	return f
}

// made notes that an entry of the list stands for a mailbox that was just made.
func (l *mailboxList) made(e *entry) {
	l.file.made(e)
	l.file.pack(l.entries)
}

// made adds what is written of a mailbox as it is made.
func (f *listFile) made(e *entry) {
	if isInbox(e.name) {
		f.begin(e)
	}
	f.put(e)
}
