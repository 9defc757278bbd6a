package sim

import "slices"

// opened opens the mailbox that is to be updated, and makes it where it is not
// there. An empty one that bears the name by another unique ID gives way.
func (s *server) opened(u update) (*visit, error) {
	e := s.disk.list.find(u.name)
	if e != nil {
		v := s.visit(e)
		if err := v.syncError(string(serviceSync)); err != nil {
			return nil, err
		}
		if e.uniqueID == u.uniqueID {
			if v.index().rotten() {
				return nil, s.syncServerDies(fatalRecord)
			}
			return v, nil
		}
		if v.index().lastUID != 0 {
			s.logf("sync: SYNCERROR: mailbox uniqueid changed - retry: mailbox=<%s>", u.name)
			return nil, syncMoved
		}
		s.logf("sync: SYNCNOTICE: mailbox uniqueid changed - replacing: mailbox=<%s>", u.name)
		s.remove(e)
	} else if used := s.disk.list.findID(u.uniqueID); used != nil {
		s.logf("sync: SYNCNOTICE: mailbox uniqueid already in use: mailbox=<%s> usedby=<%s>", u.name, used.name)
		return nil, syncMoved
	} else if !s.mayHold(u.name) {
		if u.kind == entrySieve && s.pair.version.scriptsWithoutInboxCrash {
			s.reaped(serviceSync, segfaultText)
			return nil, syncAborted
		}
		return nil, syncDenied
	}
	if err := s.mayMakeSynced(); err != nil {
		return nil, err
	}
	made := &entry{name: u.name, kind: u.kind, uniqueID: u.uniqueID, uidValidity: u.uidValidity, createdModSeq: u.createdModSeq}
	f := newFolder(u.uniqueID, u.uidValidity)
	// Made as the client says, empty, and there to stay whatever comes of its records.
	f.index.createdModSeq, f.index.highestModSeq = u.createdModSeq, u.highestModSeq
	f.quotaRoot = s.quotaRootOf(u.name)
	for uid, left := range s.disk.remains[u.uniqueID] {
		f.files.put(uid, left)
	}
	delete(s.disk.remains, u.uniqueID)
	s.disk.folders.put(u.uniqueID, f)
	s.disk.list.place(made)
	s.fillIn(u.name)
	v := s.visit(made)
	a := v.account()
	a.modSeq, a.uidValidity = max(a.modSeq, u.highestModSeq, u.folderModSeq), max(a.uidValidity, u.uidValidity)
	return v, nil
}

// note brings a mailbox's entry in the list up to what was sent.
func (s *server) note(u update, e *entry, made bool) {
	rights := !slices.Equal(e.acl, u.acl)
	written := rights || e.folderModSeq < u.folderModSeq
	e.folderModSeq = max(e.folderModSeq, u.folderModSeq)
	if rights {
		s.disk.list.grant(e, slices.Clone(u.acl))
	}
	if made {
		s.disk.list.made(e)
	} else if written {
		s.disk.list.rewrote(e)
	}
}
