package sim

import "slices"

// merge compares a mailbox's records on both sides and collects what is to be
// done about those that sending cannot make equal.
type merge struct {
	master, replica *visit
	replicaModSeq   uint64
	replicaLastUID  uint32

	expunge []uint32  // on the replica
	renewed []renewal // in the order in which they were come upon
	failed  error
}

// renewal is a message that gets a new UID on the master: its own, or one that only
// the replica has.
type renewal struct {
	record
	ofReplica bool
}

// reach fetches what is to come back from the replica before anything is changed: NIL,
// which stands for a file that is not what is recorded of it, ends the whole.
func (m *merge) reach() error {
	x := m.master.index()
	for _, r := range m.replica.index().records {
		i, known := x.at(r.uid)
		if r.expunged || known && x.records[i].guid == r.guid || r.uid <= x.lastUID && r.modSeq < x.deletedModSeq {
			continue
		}
		if _, err := m.replica.fetch(r); err != nil {
			if known {
				m.logMismatch(r.uid)
			}
			return syncProtocol
		}
	}
	return nil
}

// logMismatch tells of a UID that is one message here and another on the replica.
func (m *merge) logMismatch(uid uint32) {
	m.master.server.logf("sync_client: SYNCERROR: guid mismatch: mailbox=<%s> uid=<%d>", m.master.entry.name, uid)
}

// records goes through both sides in order of UIDs.
func (m *merge) records() {
	ours, theirs := slices.Clone(m.master.index().records), slices.Clone(m.replica.index().records)
	for i, j := 0, 0; i < len(ours) || j < len(theirs); {
		switch {
		case i < len(ours) && j < len(theirs) && ours[i].uid == theirs[j].uid:
			m.both(ours[i], theirs[j])
			i, j = i+1, j+1
		case j == len(theirs) || i < len(ours) && ours[i].uid < theirs[j].uid:
			m.onlyMaster(ours[i], j == len(theirs))
			i++
		default:
			m.onlyReplica(theirs[j])
			j++
		}
	}
}

// both compares two records of one UID.
func (m *merge) both(ours, theirs record) {
	switch {
	case ours.expunged && theirs.expunged:
		return
	case ours.guid != theirs.guid:
		m.logMismatch(ours.uid)
		if ours.guid > theirs.guid { // the lower one first
			m.onlyReplica(theirs)
			m.giveNewUID(ours)
		} else {
			m.giveNewUID(ours)
			m.onlyReplica(theirs)
		}
		return
	case ours.modSeq == theirs.modSeq && ours.lastUpdated == theirs.lastUpdated && ours.internalDate == theirs.internalDate &&
		ours.expunged == theirs.expunged && slices.Equal(ours.flags, theirs.flags):
		return
	}
	switch {
	case ours.expunged:
	case theirs.expunged:
		ours.expunged = true
	case theirs.modSeq > ours.modSeq && theirs.lastUpdated >= ours.lastUpdated:
		m.master.server.logf("sync_client: SYNCNOTICE: record mismatch with replica: %s more recent on replica", m.master.entry.name)
		ours.flags = m.master.folder.flags(theirs.flags)
	}
	m.master.rewrite(ours) // a new modseq makes it be sent again
}

// onlyMaster is a record that the replica does not have.
func (m *merge) onlyMaster(r record, beyond bool) {
	switch {
	case !beyond || r.uid <= m.replicaLastUID:
		m.giveNewUID(r)
	case r.modSeq <= m.replicaModSeq:
		m.master.rewrite(r)
	}
}

// onlyReplica is a record that the master does not have: it comes back under its
// own UID if that is free, under a new one if it is not, and not at all where the
// master knew it and has forgotten it.
func (m *merge) onlyReplica(r record) {
	x := m.master.index()
	switch {
	case r.expunged:
	case r.uid > x.lastUID:
		m.pull(r)
	case r.modSeq < x.deletedModSeq:
		m.expunge = append(m.expunge, r.uid)
	default:
		m.renewed = append(m.renewed, renewal{r, true})
	}
}

// pull takes a message from the replica, under its own UID.
func (m *merge) pull(r record) {
	fetched, err := m.replica.fetch(r)
	if err != nil {
		m.failed = err
		return
	}
	r.flags = m.master.folder.flags(r.flags)
	m.master.folder.files.put(r.uid, fetched)
	m.master.rewrite(r) // as what was changed last
}

func (m *merge) giveNewUID(r record) {
	if !r.expunged {
		m.renewed = append(m.renewed, renewal{r, false})
	}
}

// finish gives new UIDs to what needs them.
func (m *merge) finish() error {
	if m.failed != nil {
		return m.failed
	}
	for _, r := range m.renewed {
		if err := m.renew(r); err != nil {
			return err
		}
	}
	return nil
}

// renew appends a message to the master under a new UID, and lets the old one be
// expunged where it is.
func (m *merge) renew(r renewal) error {
	if r.ofReplica {
		fetched, err := m.replica.fetch(r.record)
		if err != nil {
			return err
		}
		m.again(r.record, fetched)
		m.expunge = append(m.expunge, r.uid)
		return nil
	}
	own, ok := m.master.folder.files.at[r.uid]
	if !ok || own.denied {
		return syncIOError
	}
	m.again(r.record, own)
	m.master.expunge(r.record)
	return nil
}

// again appends a message under a new UID.
func (m *merge) again(r record, body file) {
	v := m.master
	r.uid = v.index().lastUID + 1
	r.flags = v.folder.flags(r.flags)
	v.folder.files.put(r.uid, body)
	v.rewrite(r)
}
