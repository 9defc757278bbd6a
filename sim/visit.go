package sim

import (
	"fmt"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/canary"
)

// visit is one locked visit to a mailbox, in which its index may change. As in
// Cyrus, the account's mailboxes share one count of modseqs: a visit takes it up
// with its first change, each change counts one, and leaving puts it back.
type visit struct {
	server   *server
	entry    *entry
	folder   *folder
	counting bool
	changed  bool
	touched  []uint64 // the conversations of records that were changed
	keywords int      // how many the mailbox knew when the visit began, or last was left
}

// visit begins a visit. It is small enough to be inlined, so that a visit which only
// looks, as most do, is never put on the heap.
func (s *server) visit(e *entry) *visit {
	v := s.visitTo(e)
	return &v
}

func (s *server) visitTo(e *entry) visit {
	v := visit{server: s, entry: e, folder: s.disk.folder(e)}
	if v.folder != nil {
		v.keywords = len(v.folder.keywords)
	}
	return v
}

// now is the server's time, in seconds since 1970. None passes during a visit.
func (v *visit) now() int64 { return v.server.clock().Unix() }

func (v *visit) index() *index { return &v.folder.index }

func (v *visit) account() *accountState { return v.server.disk.account(v.entry.owner()) }

// nextModSeq counts one change.
func (v *visit) nextModSeq() uint64 {
	x := v.index()
	if !v.counting {
		x.highestModSeq = max(x.highestModSeq, v.account().modSeq)
		v.counting = true
	}
	v.changed = true
	x.highestModSeq++
	return x.highestModSeq
}

// add appends a message under the next UID, and returns that.
func (v *visit) add(message file, flags []string) uint32 {
	return v.addAs(v.index().lastUID+1, message, v.singleInstance(message), flags)
}

// addAs appends a message under a UID, with the file that holds it from then on.
func (v *visit) addAs(uid uint32, message, stored file, flags []string) uint32 {
	modSeq := v.nextModSeq()
	delete(v.folder.uncached, uid)
	guid := message.sha1()
	v.folder.files.put(uid, stored)
	r := record{
		uid: uid, guid: guid, thread: threadOf(guid), size: uint32(len(message.body)), flags: v.folder.flags(flags),
		internalDate: message.date, lastUpdated: v.now(), saveDate: v.now(), modSeq: modSeq, createdModSeq: modSeq,
	}
	if v.entry.kind == entryMail {
		delete(v.account().strayed, guid)
		r.conversation = message.conversation(r.guid)
	}
	v.index().write(r)
	v.touch(r)
	return uid
}

// rewrite changes a record, and counts that.
func (v *visit) rewrite(r record) {
	r.modSeq, r.lastUpdated = v.nextModSeq(), v.now()
	delete(v.folder.uncached, r.uid)
	v.index().write(r)
	v.touch(r)
}

// expunge turns a message into a tombstone. Its file stays, since expunge_mode
// is delayed.
func (v *visit) expunge(r record) {
	r.expunged = true
	v.rewrite(r)
	if v.server.pair.planted.Is(canary.UIDReused) && r.uid == v.index().lastUID {
		v.index().remove(func(last record) bool { return last.uid == r.uid })
		v.index().lastUID--
	}
}

// setFlags adds flags and removes others, and says whether that changed any.
func (v *visit) setFlags(r record, add, remove []string) bool {
	flags := slices.Clone(r.flags)
	for _, flag := range v.folder.flags(add) {
		if !slices.Contains(flags, flag) {
			flags = append(flags, flag)
		}
	}
	gone := v.folder.flags(remove)
	flags = slices.DeleteFunc(flags, func(flag string) bool { return slices.Contains(gone, flag) })
	slices.Sort(flags)
	if slices.Equal(flags, r.flags) {
		return false
	}
	r.flags = slices.Clip(flags)
	if v.server.pair.planted.Is(canary.FlagsKeepModSeq) {
		v.index().write(r)
		v.changed = true
		return true
	}
	v.rewrite(r)
	return true
}

// leaveAppended ends a visit that has appended: Cyrus notes that three times.
func (v *visit) leaveAppended() {
	v.leaveNoting("APPEND")
}

// leave ends the visit: the account's count is brought up to the mailbox's, and
// a change is noted for replication: once when the index is unlocked, and again when the
// account's conversations are committed, if a modseq was counted. So is one of
// cyrus.header alone, which counts none: a keyword that was not known before, whether or
// not a message has it.
func (v *visit) leave() { v.leaveNoting("") }

// leaveNoting ends the visit with a note of that kind before all others; empty: none.
func (v *visit) leaveNoting(kind string) {
	notes := v.server.newNotes()
	if kind != "" {
		notes = append(notes, logEntry{kind: kind, first: v.entry.name})
	}
	if v.folder != nil && len(v.folder.keywords) > v.keywords {
		v.changed, v.keywords = true, len(v.folder.keywords)
	}
	if v.changed {
		if !isDeletedName(v.entry.name) {
			a := v.account()
			a.modSeq = max(a.modSeq, v.index().highestModSeq)
		}
		notes = append(notes, logEntry{kind: "MAILBOX", first: v.entry.name})
		if v.counting {
			notes = append(notes, logEntry{kind: "MAILBOX", first: v.entry.name})
		}
		for _, other := range v.otherMailboxes() {
			notes = append(notes, logEntry{kind: "MAILBOX", first: other})
		}
	}
	v.server.logOneByOne(notes)
	v.changed, v.counting = false, false
}

// newUniqueID is a mailbox's own, for ever.
func (s *server) newUniqueID() string {
	return fmt.Sprintf("%08x%08x%08x", s.pair.rand.Uint32(), s.pair.rand.Uint32(), s.pair.rand.Uint32())
}

// nextUIDValidity is one more than the account's last one, or than the time.
func (s *server) nextUIDValidity(a *accountState) uint32 {
	a.uidValidity = max(uint32(s.clock().Unix()), a.uidValidity) + 1
	return a.uidValidity
}
