package property

import (
	"fmt"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Frozen is the evidence that was kept before a promotion or a repair, as the
// oracle reads it: both servers' indexes when the old master died.
type Frozen struct {
	Master target.ServerName // which was master
	// Accounts holds what each server had, by server and account.
	Accounts map[target.ServerName]map[string]FrozenAccount
}

// FrozenAccount is one account on one server.
type FrozenAccount struct {
	Mailboxes  []target.Mailbox // with records, tombstones among them
	Unreadable []string         // names of mailboxes whose index could not be read
	Deleted    []string         // unique ids of mailboxes that were deleted and are still kept
}

// Case is a message in question, as the side that has it knows it.
type Case struct {
	Account  string
	Mailbox  string // its name, where the unique id is not known
	UniqueID string // of its mailbox
	GUID     string
	UID      uint32
}

// Decision is what the evidence tells of a case.
type Decision struct {
	// Decidable: it tells whether the message was deleted. Nobody may call such
	// a message doubtful.
	Decidable bool
	Why       string
}

func decidable(format string, args ...any) Decision {
	return Decision{Decidable: true, Why: fmt.Sprintf(format, args...)}
}

func undecidable(format string, args ...any) Decision {
	return Decision{Why: fmt.Sprintf(format, args...)}
}

// Decide reads the evidence on its own, without what a detector or a restorer
// made of it:
//
//	tombstone on either side, or its mailbox deleted     decidable: deleted
//	live on the old master                               decidable: never deleted
//	on neither side                                      decidable: it came later
//	on the replica alone, UID above LAST_UID of the
//	old master, or another message's there               decidable: it never was there
//	on the replica alone, at or below LAST_UID, or the
//	old master's mailbox is not there or not readable    undecidable: expired, or lost
func (f Frozen) Decide(c Case) Decision {
	master, replica := f.Accounts[f.Master][c.Account], f.Accounts[f.Master.Other()][c.Account]
	c = c.identify(master, replica)
	onMaster, hasMailbox := master.mailbox(c.UniqueID)
	onReplica, _ := replica.mailbox(c.UniqueID)
	old, other := find(onMaster, c), find(onReplica, c)
	switch {
	case old != nil && old.Expunged, other != nil && other.Expunged:
		return decidable("there is a tombstone of it, so it was deleted")
	case slices.Contains(master.Deleted, c.UniqueID) || slices.Contains(replica.Deleted, c.UniqueID):
		return decidable("its mailbox was deleted, and it with that")
	case old != nil:
		return decidable("it was live on %s, the old master, so it had never been deleted", f.Master)
	case !hasMailbox && slices.Contains(master.Unreadable, c.Mailbox):
		return undecidable("its mailbox could not be read on %s, the old master", f.Master)
	case other == nil:
		return decidable("neither side had it at the freeze, so it came later")
	case !hasMailbox:
		return undecidable("%s, the old master, did not have its mailbox", f.Master)
	case c.UID > onMaster.LastUID:
		return decidable("its UID %d is above LAST_UID %d of %s, the old master, so it never was there", c.UID, onMaster.LastUID, f.Master)
	case slices.ContainsFunc(onMaster.Records, func(r target.Record) bool { return r.UID == c.UID }):
		return decidable("UID %d is another message on %s, the old master, so it never was there", c.UID, f.Master)
	}
	return undecidable("%s, the old master, does not know it and has no tombstone, and its UID %d is not above LAST_UID %d: expired, or lost", f.Master, c.UID, onMaster.LastUID)
}

// identify completes what a case does not say of its mailbox and its UID.
func (c Case) identify(sides ...FrozenAccount) Case {
	for _, side := range sides {
		for _, m := range side.Mailboxes {
			if c.UniqueID == "" && m.Name == c.Mailbox {
				c.UniqueID = m.UniqueID
			}
			if c.Mailbox == "" && m.UniqueID == c.UniqueID {
				c.Mailbox = m.Name
			}
		}
	}
	for _, side := range sides {
		mailbox, _ := side.mailbox(c.UniqueID)
		if record := find(mailbox, c); record != nil && c.UID == 0 {
			c.UID = record.UID
		}
	}
	return c
}

func (a FrozenAccount) mailbox(uniqueID string) (target.Mailbox, bool) {
	for _, m := range a.Mailboxes {
		if m.UniqueID == uniqueID && uniqueID != "" {
			return m, true
		}
	}
	return target.Mailbox{}, false
}

// find returns the message's record in the mailbox, by GUID, and by UID where
// the case knows one.
func find(m target.Mailbox, c Case) *target.Record {
	for i, r := range m.Records {
		if r.GUID == c.GUID && (c.UID == 0 || r.UID == c.UID) {
			return &m.Records[i]
		}
	}
	return nil
}
