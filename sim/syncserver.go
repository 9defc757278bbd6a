package sim

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/canary"
	"github.com/cyrdrill/cyrdrill/harness/target/mailboxname"
)

// header is what one side is told of the other's mailbox, without its records.
type header struct {
	entry         *entry // that it is of
	name          string
	kind          entryKind
	uniqueID      string
	acl           acl
	quotaRoot     string
	uidValidity   uint32
	lastUID       uint32
	recentUID     uint32
	highestModSeq uint64
	folderModSeq  uint64
	crc           uint32
	annotations   map[annotation]string
}

func (v *visit) header() header {
	x := v.index()
	return header{
		entry: v.entry, name: v.entry.name, kind: v.entry.kind, uniqueID: v.entry.uniqueID, acl: v.entry.acl, quotaRoot: v.folder.quotaRoot,
		uidValidity: x.uidValidity, lastUID: x.lastUID, recentUID: x.recentUID, highestModSeq: x.highestModSeq,
		folderModSeq: v.entry.folderModSeq, crc: x.crc, annotations: v.folder.annotations,
	}
}

// equal says whether there is nothing to be sent. A checksum of 0, which Cyrus takes
// for one that is not known, is none here: see applyMailbox.
func (h header) equal(o header) bool {
	return h.lastUID == o.lastUID && h.recentUID == o.recentUID && h.highestModSeq == o.highestModSeq && h.uidValidity == o.uidValidity &&
		h.folderModSeq == o.folderModSeq && h.crc == o.crc && slices.Equal(h.acl, o.acl) && maps.Equal(h.annotations, o.annotations)
}

// syncError says why the mailbox cannot be opened for replication, as the process
// that tries logs as well.
func (v *visit) syncError(of string) error {
	switch {
	case v.server.disk.readOnly:
		v.server.cannotWrite(of)
		return syncIOError // it opens cyrus.annotations to write
	case v.refusal(of) == textIOError:
		return syncIOError
	case v.trouble() != "":
		return syncBadFormat
	}
	return nil
}

// getMailboxes answers GET MAILBOXES. A mailbox that cannot be opened is passed
// over, and one with a record whose checksum does not hold is the end of the
// process.
func (s *server) getMailboxes(names []string) ([]header, error) {
	var found []header
	for _, name := range names {
		e := s.disk.list.find(name)
		if e == nil {
			continue
		}
		v := s.visit(e)
		if v.syncError(string(serviceSync)) != nil {
			continue
		}
		if v.index().rotten() {
			return nil, s.syncServerDies(fatalRecord)
		}
		found = append(found, v.header())
	}
	return found, nil
}

// getUser answers GET USER: with all of the account's mailboxes, or with no where
// one cannot be opened.
func (s *server) getUser(account string) ([]header, error) {
	all, err := s.askUser(account)
	if err != nil {
		return nil, err
	}
	found := make([]header, len(all))
	for i, e := range all {
		found[i] = s.visit(e).header()
	}
	return found, nil
}

// askUser does what GET USER does, and returns the mailboxes that it tells of, to be read
// alone.
func (s *server) askUser(account string) ([]*entry, error) {
	if err := s.seenError(account); err != nil {
		return nil, err
	}
	all := s.disk.list.ofAccount(account)
	for _, e := range all {
		if err := s.visit(e).tellError(); err != nil {
			return nil, err
		}
	}
	if len(all) > 0 {
		s.tidyScripts(account)
	}
	return all, nil
}

// getFullMailbox answers GET FULLMAILBOX.
func (s *server) getFullMailbox(name string) (*visit, error) {
	e, err := s.askMailbox(name)
	if err != nil {
		return nil, err
	}
	return s.visit(e), nil
}

// askMailbox does what GET FULLMAILBOX does, and returns the mailbox that it tells of.
func (s *server) askMailbox(name string) (*entry, error) {
	e := s.disk.list.find(name)
	if e == nil {
		return nil, syncNonexistent
	}
	return e, s.visit(e).tellError()
}

// update is what APPLY MAILBOX takes: a header, changed records, and the files
// of new messages.
type update struct {
	header
	createdModSeq uint64
	records       []record
	files         map[uint32]file
	since         *header // what the replica is believed to have; nil: nothing
	told          told
	forced        bool // take what is behind what is here
}

// applyMailbox answers APPLY MAILBOX. It refuses what cannot lead to equal sides
// before it changes anything, and answers with a checksum failure afterwards
// where it did not.
func (s *server) applyMailbox(u update) error {
	before, earlier := s.disk.list.find(u.name), s.disk.folders.at[u.uniqueID]
	v, err := s.opened(u)
	if err != nil {
		return err
	}
	x := v.index()
	a := v.account()
	strays := v.entry != before && isInbox(u.name) && (a.wasReset || a.entryLost) && s.pair.version.straysConversations
	unknown := a.strayed
	if strays {
		a.stray(nil, nil, nil) // of none, if it ends before any record is taken
	}
	held := x.highestModSeq
	if v.entry != before {
		held = 0 // in the process that makes a mailbox; on the disk it is what was sent
	}
	if u.since != nil && (u.since.highestModSeq != held || !crcEqual(u.since.crc, x.crc)) {
		s.logf("sync: SYNCNOTICE: mailbox sync mismatch: mailbox=<%s>", u.name)
		return syncChanged
	}
	behind := u.highestModSeq < held || u.uidValidity < x.uidValidity || u.lastUID < x.lastUID
	if behind && !u.forced || !v.accepts(u) {
		return syncChecksum
	}
	if s.disk.full && len(u.files) > 0 {
		s.cannotWrite(string(serviceSync))
		return syncProtocol // it takes what comes behind for commands
	}
	if err := v.mayBeTold(u); err != nil {
		return err
	}
	s.note(u, v.entry, v.entry != before)
	if !maps.Equal(v.folder.annotations, u.annotations) && !s.pair.planted.Is(canary.AnnotationsUntaken) {
		v.folder.annotations = maps.Clone(u.annotations)
	}
	if at := v.firstWithoutFile(u); at >= 0 {
		v.link(u.records[:at], u.files) // done by then; that no record tells of it yet, nobody mends
		s.logf("sync: IOERROR: append file failed: mboxname=<%s>", u.name)
		s.reaped(serviceSync, "signaled to death by signal 6 (Aborted)")
		return syncAborted
	}
	if strays {
		a.stray(u.records, earlier, unknown)
	}
	if r := v.firstNew(u.records); r != nil && v.future() {
		v.folder.files.put(r.uid, u.files[r.uid])
		return s.syncServerDies(fatalFuture)
	}
	var changed []uint32
	known := x.lastUID
	for _, r := range u.records {
		if v.take(r, u.files) {
			changed = append(changed, r.uid)
			if !strays && r.uid > known {
				delete(a.strayed, r.guid)
			}
		}
	}
	x.highestModSeq, x.lastUID, x.recentUID, x.uidValidity = u.highestModSeq, u.lastUID, u.recentUID, u.uidValidity
	x.createdModSeq, x.told = u.createdModSeq, u.told
	if v.entry.uidValidity != u.uidValidity {
		v.entry.uidValidity = u.uidValidity
		s.disk.list.rewrote(v.entry)
	}
	a.modSeq, a.uidValidity = max(a.modSeq, u.highestModSeq, u.folderModSeq), max(a.uidValidity, u.uidValidity)
	if v.entry.kind == entrySieve {
		s.installScripts(v.entry.owner(), changed)
	}
	s.pair.tracef("%s took %s: %d records, LAST_UID %d, HIGHESTMODSEQ %d", s.name, u.name, len(u.records), x.lastUID, x.highestModSeq)
	// The checksum of no records is 0 as well. Real Cyrus was seen to notice a replica
	// that has lost all of its own, so from the model's own client that counts.
	if lost := u.since == nil && x.crc == 0 && u.crc != 0; lost || !crcEqual(x.crc, u.crc) {
		return syncChecksum
	}
	return nil
}

// firstWithoutFile returns which record is the first to be added whose file did not
// come, or is not what the record says; -1: none. A tombstone is taken without its file.
func (v *visit) firstWithoutFile(u update) int {
	for i, r := range u.records {
		if r.uid <= v.index().lastUID || r.unlinked {
			continue
		}
		if sent, ok := u.files[r.uid]; ok && sent.sha1() == r.guid {
			continue
		}
		if !r.expunged {
			return i
		}
		u.records[i].unlinked = true
	}
	return -1
}

// link puts the files of new records into the mailbox's directory.
func (v *visit) link(records []record, files map[uint32]file) {
	for _, r := range records {
		if r.uid > v.index().lastUID && !r.unlinked {
			v.folder.files.put(r.uid, files[r.uid])
		}
	}
}

// firstNew returns the first of these records that is to be added, or nil.
func (v *visit) firstNew(records []record) *record {
	for i := range records {
		if _, known := v.index().at(records[i].uid); !known && records[i].uid > v.index().lastUID {
			return &records[i]
		}
	}
	return nil
}

// crcEqual compares two checksums: 0 on either side stands for one that is not known.
func crcEqual(a, b uint32) bool { return a == b || a == 0 || b == 0 }

// mayHold says whether there is a mailbox above one of a user's that is to be made:
// without even the INBOX, none is made below it.
func (s *server) mayHold(name string) bool {
	if ownerOf(name) == "" || isInbox(name) || isDeletedName(name) {
		return true
	}
	for parent := parentOf(name); strings.Contains(parent, "."); parent = parentOf(parent) {
		if s.disk.list.find(parent) != nil {
			return true
		}
	}
	return false
}

// accepts says whether the records can be taken: none is another message, or
// older than what is here, unless it is forced, or alive that is expunged here, or lies
// in a gap.
func (v *visit) accepts(u update) bool {
	x := v.index()
	for _, r := range u.records {
		i, ok := x.at(r.uid)
		if !ok {
			if r.uid <= x.lastUID && !r.expunged {
				return false
			}
			continue
		}
		ours := x.records[i]
		if ours.expunged && r.expunged {
			continue
		}
		if ours.guid != r.guid || ours.modSeq > r.modSeq && !u.forced || ours.expunged {
			return false
		}
	}
	return true
}

// take brings one record up to what was sent.
func (v *visit) take(r record, files map[uint32]file) bool {
	x := v.index()
	i, ok := x.at(r.uid)
	switch {
	case ok && x.records[i].expunged && r.expunged:
		return false
	case !ok && r.uid <= x.lastUID:
		return false
	case !ok && !r.unlinked:
		v.folder.files.put(r.uid, files[r.uid])
		if v.entry.kind == entryMail {
			r.conversation = files[r.uid].conversation(r.guid)
		}
	case ok:
		r.conversation = x.records[i].conversation
	}
	r.flags = v.folder.flags(r.flags)
	delete(v.folder.uncached, r.uid)
	x.write(r)
	return true
}

// applyExpunge answers APPLY EXPUNGE, which takes messages away in silence.
func (s *server) applyExpunge(name string, uids []uint32) error {
	v, err := s.getFullMailbox(name)
	if err != nil {
		return err
	}
	for _, uid := range uids {
		if r := v.index().live(uid); r != nil {
			expunged := *r
			expunged.expunged = true
			v.index().write(expunged)
		}
	}
	return nil
}

// applyRename answers APPLY RENAME.
func (s *server) applyRename(from, to string) error {
	e := s.disk.list.find(from)
	if e == nil {
		return syncNonexistent
	}
	if s.disk.list.find(to) != nil {
		return syncExists
	}
	s.rename(e, to, true)
	if !s.headerFits(serviceSync) {
		return syncAborted
	}
	return nil
}

// applyUnmailbox answers APPLY UNMAILBOX: the mailbox is gone at once.
func (s *server) applyUnmailbox(name string) error {
	e := s.disk.list.find(name)
	if e == nil {
		return syncNonexistent
	}
	s.remove(e)
	return nil
}

// applyUnuser answers APPLY UNUSER: nothing is left of the account but what was in
// DELETED before.
func (s *server) applyUnuser(account string) error {
	kept := s.disk.list.deletedOf(account)
	for _, e := range s.disk.list.ofAccount(account) {
		if !slices.Contains(kept, e) {
			s.remove(e)
			s.disk.list.remove(e.name)
		}
	}
	delete(s.disk.accounts, account)
	return nil
}

// fetch answers GET FETCH: the file of a message, if it is what its record says.
func (v *visit) fetch(r record) (file, error) {
	there, ok := v.folder.files.at[r.uid]
	if !ok || there.denied || there.sha1() != r.guid {
		return file{}, syncIOError
	}
	return there, nil
}

// inboxOf is the internal name of an account's INBOX.
func inboxOf(account string) string { return mailboxname.Internal(account, inbox) }

func (e *entry) String() string { return fmt.Sprintf("%s (%s)", e.name, e.uniqueID) }
