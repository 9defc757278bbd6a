package sim

import (
	"maps"
	"slices"
)

// replication is one conversation of a master's sync_client with its replica. It
// does what Cyrus's does, mailbox by mailbox: sends what has changed since, and
// where the two sides do not fit, compares them record by record, which changes
// the master as well.
type replication struct {
	master, replica *server
	there           []header // the replica's mailboxes of what is being done
	stale           []header // what it has told, and has no more: see [syncClient.overtaken]
	oneWay          bool     // nothing is copied back (-O), and the replica is told to take what it would refuse
}

// names brings the replica's mailboxes of these names up to the master's. It
// deletes nothing: for that, the log has lines of its own.
func (c *replication) mailboxes(names []string) error {
	const tries = 3
	for range tries {
		there, err := c.replica.getMailboxes(names)
		if err != nil {
			return err
		}
		if len(c.stale) > 0 && ownerOf(c.stale[0].name) == ownerOf(names[0]) {
			there = c.stale
		}
		if err := c.folders(names, there, false); err != syncAgain {
			return err
		}
	}
	c.master.logf("sync_client: failed to settle renames after 3 tries!")
	return syncChanged
}

// folders brings mailboxes up to the master's, renames first; with all of an
// account's on both sides it also deletes those that the master deleted.
func (c *replication) folders(names []string, there []header, whole bool) error {
	here, err := c.local(names)
	if err != nil {
		return err
	}
	c.there = there
	var renames []renaming
	for _, v := range here {
		if h := withID(there, v.entry.uniqueID); h != nil && h.name != v.entry.name {
			renames = append(renames, renaming{h.name, v.entry.name})
		}
	}
	if whole {
		if err := c.deleteGone(there, here); err != nil {
			return err
		}
	}
	if len(renames) > 0 {
		return c.rename(renames)
	}
	for _, v := range here {
		if err := c.mailbox(v, withID(there, v.entry.uniqueID)); err != nil {
			c.master.logf("sync_client: do_folders(): update failed: %s '%v'", v.entry.name, err)
			return err
		}
	}
	return nil
}

// withID returns the header of the mailbox that has this unique ID, the last one of
// several, or nil.
func withID(headers []header, uniqueID string) *header {
	for i := len(headers) - 1; i >= 0; i-- {
		if headers[i].uniqueID == uniqueID {
			return &headers[i]
		}
	}
	return nil
}

// local opens the master's mailboxes of these names.
func (c *replication) local(names []string) ([]*visit, error) {
	var found []*visit
	for _, name := range names {
		e := c.master.disk.list.find(name)
		if e == nil {
			continue
		}
		v := c.master.visit(e)
		if err := v.syncError(syncClientName); err != nil {
			return nil, err
		}
		if v.index().rotten() {
			return nil, syncCrash
		}
		found = append(found, v)
	}
	return found, nil
}

// deleteGone deletes what the master has a tombstone of, and nothing else.
func (c *replication) deleteGone(there []header, here []*visit) error {
	for _, h := range there {
		if slices.ContainsFunc(here, func(v *visit) bool { return v.entry.uniqueID == h.uniqueID }) {
			continue
		}
		if old := c.master.disk.list.any(h.name); old == nil || old.kind != entryTombstone {
			c.master.logf("sync_client: do_folders: no tombstone for deleted mailbox %s", h.name)
			continue
		}
		if err := c.replica.applyUnmailbox(h.name); err != nil {
			return err
		}
	}
	return nil
}

type renaming struct{ from, to string }

// rename renames on the replica, each as soon as its new name is free. Names that
// were swapped cannot be brought into an order: a bug of Cyrus up to 3.10.
func (c *replication) rename(renames []renaming) error {
	for len(renames) > 0 {
		i := slices.IndexFunc(renames, func(r renaming) bool {
			return !slices.ContainsFunc(renames, func(o renaming) bool { return o.from == r.to })
		})
		if i < 0 {
			c.master.logf("sync_client: do_folders(): failed to order folders correctly at %s", renames[0].from)
			return syncAgain
		}
		if err := c.replica.applyRename(renames[i].from, renames[i].to); err != nil {
			c.master.logf("sync_client: do_folders(): failed to rename: %s -> %s", renames[i].from, renames[i].to)
			return err
		}
		renames = slices.Delete(renames, i, i+1)
	}
	return syncAgain
}

// mailbox brings one mailbox up to the master's, by what has changed since, or
// else by a comparison of all.
func (c *replication) mailbox(v *visit, remote *header) error {
	if remote != nil && v.index().deletedModSeq > remote.highestModSeq {
		c.master.logf("sync_client: inefficient replication (%d > %d) %s", v.index().deletedModSeq, remote.highestModSeq, v.entry.name)
		if c.oneWay {
			return syncAgain
		}
		if err := c.fullUpdate(v); err != nil {
			return err
		}
		return c.update(v)
	}
	err := c.updateFrom(v, remote)
	if err == syncChecksum {
		c.master.logf("sync_client: SYNC_NOTICE: CRC failure on sync %s, recalculating counts and trying again", v.entry.name)
		err = c.update(v)
	}
	if err == syncChecksum && !c.oneWay {
		c.master.logf("sync_client: CRC failure on sync for %s, trying full update", v.entry.name)
		if err = c.fullUpdate(v); err == nil {
			err = c.update(v)
		}
	}
	return err
}

// update sends what has changed since the state that the replica is asked for.
func (c *replication) update(v *visit) error {
	there, err := c.replica.getMailboxes([]string{v.entry.name})
	if err != nil {
		return err
	}
	v.index().recalculate()
	if c.oneWay {
		c.master.log("MAILBOX", v.entry.name) // it was written; otherwise what follows makes that of no matter
	}
	if len(there) == 0 {
		return c.updateFrom(v, nil)
	}
	return c.updateFrom(v, &there[0])
}

// updateFrom sends what has changed since the replica's state.
func (c *replication) updateFrom(v *visit, remote *header) error {
	x := v.index()
	if remote != nil {
		if x.uidValidity < remote.uidValidity {
			x.uidValidity, v.entry.uidValidity = remote.uidValidity, remote.uidValidity
			c.master.disk.list.rewrote(v.entry)
		}
		v.entry.folderModSeq = max(v.entry.folderModSeq, remote.folderModSeq)
		if v.header().equal(*remote) {
			return nil
		}
	}
	u := update{header: v.header(), createdModSeq: x.createdModSeq, told: x.told, forced: c.oneWay && !c.master.pair.version.oneWayAsks}
	lastUID, since := uint32(0), uint64(0)
	if remote != nil {
		lastUID, since = remote.lastUID, remote.highestModSeq
		if len(c.stale) > 0 {
			u.since = remote // else it is what the replica has
		}
	}
	changed := 0
	for range x.changedSince(since) {
		changed++
	}
	u.records = make([]record, 0, changed)
	for r := range x.changedSince(since) {
		if r.uid > lastUID && !r.unlinked {
			if sent, ok := c.sendable(v, r); ok {
				if u.files == nil {
					u.files = map[uint32]file{}
				}
				u.files[r.uid] = sent
			}
		}
		u.records = append(u.records, r)
	}
	return c.replica.applyMailbox(u)
}

// sendable returns the file of a message that the replica does not have under its UID.
// For one that is not what is recorded of it, NIL is sent in its place, and sync_client
// goes on; unless the replica has the message elsewhere, since then none is sent.
func (c *replication) sendable(v *visit, r record) (file, bool) {
	own, err := v.fetch(r)
	if err == nil {
		return own, true
	}
	if theirs, ok := c.reserved(r.guid); ok {
		theirs.date = r.internalDate
		return theirs, true
	}
	switch there, ok := v.folder.files.at[r.uid]; {
	case !ok || there.denied:
		c.master.logf("sync_client: IOERROR: Failed to read file: mailbox=<%s> uid=<%d>", v.entry.name, r.uid)
	case uint32(len(there.body)) != r.size:
		c.master.logf("sync_client: IOERROR: Size mismatch: mailbox=<%s> uid=<%d>", v.entry.name, r.uid)
	default:
		c.master.logf("sync_client: IOERROR: GUID mismatch: guid=<%s>", r.guid)
	}
	return file{}, false
}

// reserved looks for a message in the replica's mailboxes that are being worked on
// (RESERVE). Cyrus does so for all that is new, before it sends anything. Where the
// master's own file is as it should be, it comes to the same, and nobody looks.
func (c *replication) reserved(guid string) (file, bool) {
	for _, h := range c.there {
		v, err := c.replica.getFullMailbox(h.name)
		if err != nil {
			continue
		}
		for _, r := range v.index().records {
			if r.guid != guid || r.unlinked {
				continue
			}
			if there, err := v.fetch(r); err == nil {
				return there, true
			}
		}
	}
	return file{}, false
}

// fullUpdate compares the mailbox record by record, and does what makes the two
// sides equal that sending alone cannot: messages that clash get new UIDs on
// both, what only the replica has is copied back, and where a record differs, the
// newer one wins.
func (c *replication) fullUpdate(v *visit) error {
	remote, err := c.replica.getFullMailbox(v.entry.name)
	if err != nil {
		return err
	}
	x, theirs := v.index(), remote.index()
	if x.uidValidity < theirs.uidValidity {
		x.uidValidity, v.entry.uidValidity = theirs.uidValidity, theirs.uidValidity
		c.master.disk.list.rewrote(v.entry)
	}
	newer := x.highestModSeq < theirs.highestModSeq
	if newer {
		c.master.logf("sync_client: SYNCNOTICE: highestmodseq higher on replica, updating mailbox=<%s>", v.entry.name)
		x.highestModSeq = theirs.highestModSeq
		v.nextModSeq()
	}
	before := x.highestModSeq
	m := merge{master: v, replica: remote, replicaModSeq: theirs.highestModSeq, replicaLastUID: theirs.lastUID}
	if err := m.reach(); err != nil {
		return err
	}
	m.records()
	x.lastUID = max(x.lastUID, m.replicaLastUID)
	if newer { // then the replica's annotations stand, and its lack of any
		v.folder.annotations = maps.Clone(remote.folder.annotations)
	}
	if err := m.finish(); err != nil {
		return err
	}
	v.leave()
	if v.entry.kind == entrySieve {
		var changed []uint32
		for r := range x.changedSince(before) {
			changed = append(changed, r.uid)
		}
		c.master.installScripts(v.entry.owner(), changed)
	}
	return c.replica.applyExpunge(v.entry.name, m.expunge)
}
