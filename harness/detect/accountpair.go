package detect

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// accountPair is one account on two servers.
type accountPair struct {
	snaps  [2]target.Snapshot
	master target.ServerName
}

// differs is about something of the account that is not the same on both sides: the
// master's word is believed.
func (c accountPair) differs(kind target.Kind, at target.Place, evidence string) Finding {
	at.Server, at.Account = wrongSide(c.snaps[0].Server, c.snaps[1].Server, c.master), c.snaps[0].Account
	return Finding{Kind: kind, Place: at, Right: c.master, Evidence: evidence}
}

// pairs returns the account's mailboxes side by side, nil where one side has
// none, in the order of names.
func (c accountPair) pairs() [][2]*target.Mailbox {
	var pairs [][2]*target.Mailbox
	taken := map[string]bool{} // names on the second side
	for i := range c.snaps[0].Mailboxes {
		a := &c.snaps[0].Mailboxes[i]
		b := c.partner(*a)
		if b != nil {
			taken[b.Name] = true
		}
		pairs = append(pairs, [2]*target.Mailbox{a, b})
	}
	for i := range c.snaps[1].Mailboxes {
		if b := &c.snaps[1].Mailboxes[i]; !taken[b.Name] {
			pairs = append(pairs, [2]*target.Mailbox{nil, b})
		}
	}
	slices.SortStableFunc(pairs, func(x, y [2]*target.Mailbox) int { return strings.Compare(pairName(x), pairName(y)) })
	return pairs
}

func pairName(pair [2]*target.Mailbox) string {
	if pair[0] != nil {
		return pair[0].Name
	}
	return pair[1].Name
}

// nameOf is what the master calls a mailbox that both sides have; the first side,
// where nobody knows who was master.
func (c accountPair) nameOf(pair [2]*target.Mailbox) string {
	if c.master == c.snaps[1].Server {
		return pair[1].Name
	}
	return pair[0].Name
}

// partner finds the second side's mailbox of the same unique ID, or of the same
// name if no other mailbox of the first side has a claim to that.
func (c accountPair) partner(a target.Mailbox) *target.Mailbox {
	if b := byUniqueID(c.snaps[1], a.UniqueID); b != nil {
		return b
	}
	for i := range c.snaps[1].Mailboxes {
		b := &c.snaps[1].Mailboxes[i]
		if b.Name == a.Name && byUniqueID(c.snaps[0], b.UniqueID) == nil {
			return b
		}
	}
	return nil
}

func byUniqueID(snap target.Snapshot, id string) *target.Mailbox {
	for i := range snap.Mailboxes {
		if snap.Mailboxes[i].UniqueID == id {
			return &snap.Mailboxes[i]
		}
	}
	return nil
}

// oneSided is about a mailbox that only one side has: the user has deleted it
// on the other, or it never got there, and neither did what is in it.
func (c accountPair) oneSided(has int, m target.Mailbox) []Finding {
	here, other := c.snaps[has].Server, c.snaps[1-has].Server
	at := target.Place{Account: c.snaps[has].Account, Mailbox: m.Name}
	if slices.Contains(c.snaps[1-has].Meta.Deleted, m.UniqueID) {
		return []Finding{oneSided(at, target.DeletionMissing, here, other, fmt.Sprintf("%s keeps it as deleted by its user", other))}
	}
	if c.master == other {
		at.Server = here
		return []Finding{{Kind: target.MailboxMissing, Place: at,
			Evidence: fmt.Sprintf("%s, which was master, neither has it nor keeps it as deleted: deleted and expired, or lost", other)}}
	}
	found := []Finding{oneSided(at, target.MailboxMissing, other, here, "the other side has the mailbox")}
	for _, record := range m.Live() {
		at.UID, at.GUID = record.UID, record.GUID
		found = append(found, oneSided(at, target.MessageMissing, other, here, fmt.Sprintf("%s has no such mailbox: it never got there", other)))
	}
	return found
}
