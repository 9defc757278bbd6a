package restore

import (
	"fmt"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// since is a message that has come into a mailbox since the freeze.
type since struct {
	mailbox string
	record  target.Record
}

// copiesSince finds messages that their user has copied or moved on the serving
// server since the freeze: the same bytes, where the rescued store has them not.
// They have the flags that were seen here then.
func (p *accountPlanner) copiesSince() []since {
	var copies []since
	for _, m := range p.now.Mailboxes {
		before, _ := byUniqueID(p.before, m.UniqueID)
		old, _ := p.origin(m)
		for _, r := range m.Live() {
			here := func(o target.Record) bool { return o.GUID == r.GUID && !o.Expunged }
			if r.UID > before.LastUID && !slices.ContainsFunc(old.Records, here) {
				copies = append(copies, since{m.Name, r})
			}
		}
	}
	return copies
}

// origin is the rescued store's mailbox that is this one of the serving server:
// of its unique ID, or else of its name.
func (p *accountPlanner) origin(m target.Mailbox) (target.Mailbox, bool) {
	if old, ok := byUniqueID(p.rescued, m.UniqueID); ok {
		return old, true
	}
	for _, old := range p.rescued.Mailboxes {
		if here, there := p.destination(old); there && here.Name == m.Name {
			return old, true
		}
	}
	return target.Mailbox{}, false
}

// change is what a message's user has changed of its flags on the old master,
// where it never reached the replica.
type change struct{ base, theirs []string }

// changesOf returns, of each message of the replica that is these bytes, what its
// user has changed: nothing, where the old master does not have it alive. Of one that
// was brought back since it is nothing, too.
func (p *accountPlanner) changesOf(guid string) (changes []change, why string) {
	for _, m := range p.before.Mailboxes {
		source, _ := byUniqueID(p.rescued, m.UniqueID)
		for _, r := range m.Live() {
			if r.GUID != guid {
				continue
			}
			made := change{r.Flags, r.Flags}
			if t := liveAt(source, r.UID); t != nil && t.GUID == guid {
				made.theirs = t.Flags
			}
			if source.UIDValidity != m.UIDValidity {
				made.theirs = slices.Concat(made.theirs, made.base) // rebuilt: what it lacks was lost with its index
			}
			if why == "" || !slices.Equal(made.base, made.theirs) {
				why = p.whyFlags(m.UniqueID)
			}
			changes = append(changes, made)
		}
	}
	for _, m := range p.rescued.Mailboxes {
		if p.broughtBack(m, guid) {
			changes = append(changes, change{})
		}
	}
	return changes, why
}

// broughtBack says whether a message that the rescued store has there, and that the replica
// lacked, has come since the freeze: with its flags, of which a copy of it wants no change.
// Its user may have moved it on, or have deleted it with its mailbox.
func (p *accountPlanner) broughtBack(source target.Mailbox, guid string) bool {
	same := func(r target.Record) bool { return r.GUID == guid }
	if p.isRemade(source.UniqueID) || !slices.ContainsFunc(source.Live(), same) {
		return false
	}
	before, _ := byUniqueID(p.before, source.UniqueID)
	now, there := p.destination(source)
	if !there {
		return slices.Contains(p.now.Meta.Deleted, source.UniqueID) && !slices.ContainsFunc(before.Records, same)
	}
	return count(now.Records, same) > count(before.Records, same)
}

func count(records []target.Record, is func(target.Record) bool) (n int) {
	for _, r := range records {
		if is(r) {
			n++
		}
	}
	return n
}

// mergeFlagsOfCopies gives copies what was changed of the message that they were
// made of.
func (p *accountPlanner) mergeFlagsOfCopies() []Action {
	var actions []Action
	for _, c := range p.copiesSince() {
		for _, a := range p.mergeFlagsOfCopy(c) {
			if a.AboutFlags() {
				actions = append(actions, a)
			}
		}
	}
	return actions
}

// mergeFlagsOfCopy: where the replica had several messages of the same bytes,
// nothing tells of which of them this is a copy. What was changed of all of them is
// done; of what was changed of some the operator is told.
func (p *accountPlanner) mergeFlagsOfCopy(c since) [2]Action {
	changes, why := p.changesOf(c.record.GUID)
	var add, remove [][]string
	for _, made := range changes {
		plus, minus := mergeThreeWays(made.base, made.theirs, c.record.Flags)
		add, remove = append(add, plus), append(remove, minus)
	}
	certain := Action{Act: Flag, Account: p.account, Mailbox: c.mailbox, UID: c.record.UID, GUID: c.record.GUID}
	doubtful := certain
	certain.Why = why + "; its user has copied or moved it here since"
	certain.Add, doubtful.Add = inAllOrSome(add)
	certain.Remove, doubtful.Remove = inAllOrSome(remove)
	doubtful.Act, doubtful.Doubtful = Keep, true
	doubtful.Why = fmt.Sprintf("it is a copy made since of one of %d equal messages, and its user had changed these flags of some of them on %s", len(changes), p.rescued.Server)
	return [2]Action{certain, doubtful}
}

// inAllOrSome returns the flags that are in all of the lists, and those that are in
// some of them alone, sorted.
func inAllOrSome(lists [][]string) (all, some []string) {
	flags := slices.Concat(lists...)
	slices.Sort(flags)
	for _, flag := range slices.Compact(flags) {
		lacks := func(list []string) bool { return !slices.Contains(list, flag) }
		if slices.ContainsFunc(lists, lacks) {
			some = append(some, flag)
		} else {
			all = append(all, flag)
		}
	}
	return all, some
}
