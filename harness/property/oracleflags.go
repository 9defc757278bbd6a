package property

import (
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// DecideFlag reads the evidence on its own, as [Frozen.Decide] does: of a message
// on the serving server, whether its user wants a flag as the old master had it.
//
//	it was on the replica already, under its UID          decidable: as it was on the old master
//	of those messages of the replica that are the same
//	bytes the user had changed the flag alike              decidable: so it is of their copy
//	of some it was changed, of others not, or otherwise    undecidable: of which it is a copy nobody knows
//
// A message that the old master alone had is one that was not changed: since it was brought
// back, copies may have been made of it.
//
// Changed it was where the old master had the message, and other than the replica.
func (f Frozen) DecideFlag(c Case, flag string) Decision {
	master, replica := f.Accounts[f.Master][c.Account], f.Accounts[f.Master.Other()][c.Account]
	c = c.identify(master, replica)
	if here, _ := replica.mailbox(c.UniqueID); c.UID != 0 && c.UID <= here.LastUID {
		return decidable("it is no copy: %s had it at the freeze", f.Master.Other())
	}
	changes := map[string]bool{}
	for _, m := range replica.Mailboxes {
		old, _ := master.mailbox(m.UniqueID)
		for _, r := range m.Live() {
			if r.GUID == c.GUID {
				changes[flagChange(r, find(old, Case{GUID: r.GUID, UID: r.UID}), flag)] = true
			}
		}
	}
	for _, m := range master.Mailboxes {
		there, _ := replica.mailbox(m.UniqueID)
		for _, r := range m.Live() {
			if r.GUID == c.GUID && find(there, Case{GUID: r.GUID, UID: r.UID}) == nil {
				changes[flagUnchanged] = true
			}
		}
	}
	if len(changes) > 1 {
		return undecidable("on %s its user had changed %s of some of the equal messages that it may be a copy of, and of others not", f.Master, flag)
	}
	return decidable("nothing was changed of %s on %s, the old master, but what was changed of all that it may be a copy of", flag, f.Master)
}

const flagUnchanged = "nothing"

// flagChange says what the old master's user had done about a flag of a message.
func flagChange(onReplica target.Record, old *target.Record, flag string) string {
	has := func(r target.Record) bool {
		return slices.ContainsFunc(r.Flags, func(f string) bool { return strings.EqualFold(f, flag) })
	}
	switch {
	case old == nil || old.Expunged || has(*old) == has(onReplica):
		return flagUnchanged
	case has(*old):
		return "set"
	default:
		return "removed"
	}
}
