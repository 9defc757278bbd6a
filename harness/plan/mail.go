package plan

// mail says how many messages a mailbox can hold at most, as a plan's steps
// are walked. It counts what the users were promised and have not expunged;
// what was refused, or lost on the way, only makes it fewer.
type mail struct {
	batches []batch // in the order in which the user was promised them
}

// batch is messages that were stored one after the other.
type batch struct {
	count int
	// stays: the replica can have them, because replication ran when they
	// were stored.
	stays bool
}

func (m *mail) total() int {
	total := 0
	for _, b := range m.batches {
		total += b.count
	}
	return total
}

func (m *mail) store(count int, replicating bool) {
	m.batches = append(m.batches, batch{count: count, stays: replicating})
}

// expunge removes count messages. Where chance chooses, those are taken that
// leave most for the replica, so that the count stays an upper bound.
func (m *mail) expunge(count int, which Which) {
	switch which {
	case Oldest:
		for i := range m.batches {
			count -= m.batches[i].take(count)
		}
	case Newest:
		for i := len(m.batches) - 1; i >= 0; i-- {
			count -= m.batches[i].take(count)
		}
	case Random:
		for _, staying := range []bool{false, true} {
			for i := range m.batches {
				if m.batches[i].stays == staying {
					count -= m.batches[i].take(count)
				}
			}
		}
	}
}

// take removes up to count messages and returns how many it removed.
func (b *batch) take(count int) int {
	taken := min(count, b.count)
	b.count -= taken
	return taken
}

// moveToReplica leaves what the replica can have.
func (m *mail) moveToReplica() {
	kept := m.batches[:0]
	for _, b := range m.batches {
		if b.stays {
			kept = append(kept, b)
		}
	}
	m.batches = kept
}
