package sim

import (
	"slices"
	"strings"
)

// cyrus.header holds a mailbox's name, rights, keywords and quota root. Who changes one of
// these writes it anew, and where the disk has no room for that ends by SIGABRT: what was
// done before, in mailboxes.db, which lies on another disk, stays.

// headerFits says whether there is room to write cyrus.header; if there is none, the
// process that tried is dead.
func (s *server) headerFits(of service) bool {
	if !s.disk.full || s.disk.readOnly {
		return true
	}
	s.cannotWrite(string(of))
	s.reaped(of, abortedText)
	return false
}

// writesHeader is [server.headerFits] for a command of a session, which ends with its
// process.
func (s *session) writesHeader(command request) error {
	if s.headerFits(serviceIMAP) {
		return nil
	}
	s.dead = true
	return lost(command, s.name)
}

// knows says whether the mailbox has had all of these flags before, so that none of them
// has to be written into cyrus.header.
func (f *folder) knows(flags []string) bool {
	return !slices.ContainsFunc(flags, func(flag string) bool { return !strings.HasPrefix(flag, `\`) && f.keyword(flag) < 0 })
}

// mayBeTold is [server.headerFits] for sync_server, of what a client tells of a mailbox's
// rights and keywords.
func (v *visit) mayBeTold(u update) error {
	fits := slices.Equal(v.entry.acl, u.acl) && !v.folder.headerOld
	for _, r := range u.records {
		fits = fits && v.folder.knows(r.flags)
	}
	if fits || v.server.headerFits(serviceSync) {
		v.folder.headerOld = false
		return nil
	}
	v.server.disk.list.grant(v.entry, slices.Clone(u.acl))
	v.server.disk.list.rewrote(v.entry)
	v.folder.headerOld = true
	return syncAborted
}
