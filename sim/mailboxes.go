package sim

import (
	"fmt"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/canary"
	"github.com/cyrdrill/cyrdrill/harness/target/mailboxname"
)

// What Cyrus says where it refuses, in its own words.
const (
	textNonexistent  = "Mailbox does not exist"
	textExists       = "Mailbox already exists"
	textDenied       = "Permission denied"
	textUnsupported  = "Operation is not supported on mailbox"
	textHasChildren  = "Mailbox has inferior hierarchical names"
	textBadName      = "Invalid mailbox name"
	textBadFormat    = "Mailbox has an invalid format"
	textIOError      = "System I/O error"
	textNoMessages   = "No matching messages"
	textOverQuota    = "Over quota"
	textFormatSpoilt = "Mailbox format corruption detected"
)

// create makes a mailbox, after those above it that are not there.
func (s *server) create(name string, rights acl) *entry {
	if parent := parentOf(name); ownerOf(name) != "" && !isDeletedName(name) && strings.Contains(parent, ".") && s.disk.list.find(parent) == nil {
		s.create(parent, s.inheritedACL(parent))
	}
	return s.createAlone(name, rights)
}

// createAlone makes a mailbox, and none above it.
func (s *server) createAlone(name string, rights acl) *entry {
	a := s.disk.account(ownerOf(name))
	e := &entry{name: name, acl: rights, uniqueID: s.newUniqueID()}
	if old := s.disk.list.any(name); old != nil {
		// Clients may still know the one that was deleted. That another mailbox has
		// the same one by now is of no matter.
		e.uidValidity = old.uidValidity + 1
		if s.pair.planted.Is(canary.UIDValidityReused) {
			e.uidValidity--
		}
		a.uidValidity = max(a.uidValidity, e.uidValidity)
	} else {
		e.uidValidity = s.nextUIDValidity(a)
	}
	f := newFolder(e.uniqueID, e.uidValidity)
	f.quotaRoot = s.quotaRootOf(name)
	s.disk.folders.put(e.uniqueID, f)
	s.disk.list.place(e)
	v := s.visit(e)
	f.index.createdModSeq = v.nextModSeq()
	e.createdModSeq, e.folderModSeq = f.index.createdModSeq, f.index.createdModSeq
	s.disk.list.made(e)
	v.leave()
	return e
}

// fillIn makes the mailboxes above one of a user's that are not there.
func (s *server) fillIn(name string) {
	if isDeletedName(name) || ownerOf(name) == "" {
		return
	}
	for parent := parentOf(name); strings.Count(parent, ".") > 1; parent = parentOf(parent) {
		if s.disk.list.find(parent) == nil && s.disk.list.hasChildren(parent) {
			s.create(parent, s.inheritedACL(parent))
		}
	}
}

// inheritedACL is the ACL of the nearest mailbox above, or an INBOX's own.
func (s *server) inheritedACL(name string) acl {
	for parent := parentOf(name); strings.Contains(parent, "."); parent = parentOf(parent) {
		if e := s.disk.list.find(parent); e != nil {
			return append(acl(nil), e.acl...)
		}
	}
	return acl{{ownerOf(name), rightLetters}}
}

// quotaRootOf returns the internal name of the quota root that holds a mailbox.
func (s *server) quotaRootOf(name string) string {
	owner := ownerOf(name)
	if owner == "" || s.disk.account(owner).quotaRoot == "" || isDeletedName(name) {
		return ""
	}
	return s.disk.account(owner).quotaRoot
}

// makeAccount makes an account's INBOX.
func (s *server) makeAccount(account string) *entry {
	name := mailboxname.Internal(account, inbox)
	return s.create(name, acl{{account, rightLetters}})
}

// rename gives a mailbox another name. It keeps its unique ID, and with it all
// that lies in its directory. A silent one, as replication does it and as is left by who
// dies amid it, counts no change.
func (s *server) rename(e *entry, to string, silent bool) {
	from := e.name
	v := s.visit(e)
	modSeq := e.folderModSeq
	if !silent && v.folder != nil {
		modSeq = v.nextModSeq()
	}
	s.disk.list.put(&entry{name: from, kind: entryTombstone, uniqueID: e.uniqueID, uidValidity: e.uidValidity, folderModSeq: modSeq})
	renamed := *e
	renamed.name, renamed.folderModSeq = to, modSeq
	renamed.formerNames = append(append([]string(nil), e.formerNames...), from)
	s.disk.list.put(&renamed)
	if v.folder != nil {
		v.folder.quotaRoot = s.quotaRootOf(to)
	}
	if s.pair.planted.Is(canary.RenameUnlogged) {
		return
	}
	for range 2 {
		if !s.pair.version.renamesByMailbox {
			s.log("RENAME", from, to)
		}
		s.log("MAILBOX", from)
		s.log("MAILBOX", to)
	}
	if s.pair.version.renamesByMailbox {
		s.log("APPEND", to)
	}
	v.counting = false // that much is noted already
	v.leave()
	s.log("MAILBOX", to)
	s.pair.tracef("%s renamed %s to %s", s.name, from, to)
}

// deleteDelayed moves a mailbox below DELETED, where it is kept for a while. A silent
// one counts no change.
func (s *server) deleteDelayed(e *entry, silent bool) {
	const format = mailboxname.InternalDeleted + "%s.%08X"
	stamp := s.clock().Unix()
	for s.disk.list.any(fmt.Sprintf(format, e.name, stamp)) != nil {
		stamp++
	}
	s.rename(e, fmt.Sprintf(format, e.name, stamp), silent)
}

// remove takes a mailbox away for good, with all that lies in its directory.
func (s *server) remove(e *entry) {
	s.disk.folders.remove(e.uniqueID)
	if isDeletedName(e.name) {
		s.disk.list.remove(e.name)
	} else {
		s.disk.list.put(&entry{name: e.name, kind: entryTombstone, uniqueID: e.uniqueID, uidValidity: e.uidValidity})
	}
	s.log("UNMAILBOX", e.name)
	s.pair.tracef("%s removed %s", s.name, e.name)
}

// setACL sets one identifier's rights.
func (s *server) setACL(e *entry, rights acl) {
	v := s.visit(e)
	s.disk.list.grant(e, rights)
	e.folderModSeq = v.nextModSeq()
	s.disk.list.rewrote(e)
	v.leave()
}
