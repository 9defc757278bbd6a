package restore

import (
	"context"
	"fmt"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// MergeFlags brings flags and keywords to what users had set on the old master,
// for messages that both servers have. It merges three ways: what changed
// between the replica's state in the freeze and the rescued store is applied to
// what is there now, so that what users have changed since stands.
type MergeFlags struct{}

// Name implements [Restorer].
func (MergeFlags) Name() string { return "merge-flags" }

// Doc implements [Restorer].
func (MergeFlags) Doc() string {
	return "sets and removes flags as users had done where it never reached the replica, or was lost with an index"
}

// Plan implements [Restorer].
func (r MergeFlags) Plan(ctx context.Context, scene Scene) (Plan, error) {
	return planAccounts(ctx, scene, r.Name(), func(_ context.Context, p *accountPlanner) ([]Action, error) {
		p.copies = p.copiesSince()
		var actions []Action
		for _, source := range p.rescued.Mailboxes {
			actions = append(actions, p.mergeFlags(source)...)
		}
		return actions, nil
	})
}

func (p *accountPlanner) mergeFlags(source target.Mailbox) []Action {
	before, known := byUniqueID(p.before, source.UniqueID)
	now, there := byUniqueID(p.now, source.UniqueID)
	if !known {
		return nil
	}
	why := fmt.Sprintf("as its user had it on %s", p.rescued.Server)
	if p.frozen.WasRebuilt(p.account, source.UniqueID) {
		why += "; the flags here were lost with the index"
	}
	current, base := map[uint32]target.Record{}, liveByUID(before)
	if there && before.UIDValidity == now.UIDValidity {
		current = liveByUID(now)
	}
	var actions []Action
	for _, theirs := range source.Live() {
		frozen, inBase := base[theirs.UID]
		if !inBase || frozen.GUID != theirs.GUID || slices.Equal(frozen.Flags, theirs.Flags) {
			continue
		}
		if mine, live := current[theirs.UID]; live && mine.GUID == theirs.GUID {
			actions = appendFlag(actions, p.account, now.Name, why, frozen, theirs, mine)
		}
		for _, c := range p.copies[theirs.GUID] {
			actions = appendFlag(actions, p.account, c.mailbox, why+"; its user has copied or moved it here since", frozen, theirs, c.record)
		}
	}
	return actions
}

func appendFlag(actions []Action, account, mailbox, why string, base, theirs, mine target.Record) []Action {
	add, remove := mergeThreeWays(base.Flags, theirs.Flags, mine.Flags)
	if len(add)+len(remove) == 0 {
		return actions
	}
	return append(actions, Action{
		Act: Flag, Account: account, Mailbox: mailbox, UID: mine.UID, GUID: mine.GUID, Add: add, Remove: remove, Why: why,
	})
}

// since is a message that has come into a mailbox since the freeze.
type since struct {
	mailbox string
	record  target.Record
}

// copiesSince finds, by GUID, messages that their user has copied or moved on
// the serving server since the freeze: the same bytes, where the rescued store
// has them not. They have the flags that were seen here then.
func (p *accountPlanner) copiesSince() map[string][]since {
	copies := map[string][]since{}
	for _, m := range p.now.Mailboxes {
		before, _ := byUniqueID(p.before, m.UniqueID)
		old, _ := p.origin(m)
		for _, r := range m.Live() {
			here := func(o target.Record) bool { return o.GUID == r.GUID && !o.Expunged }
			if r.UID > before.LastUID && !slices.ContainsFunc(old.Records, here) {
				copies[r.GUID] = append(copies[r.GUID], since{m.Name, r})
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
	return p.rescued.Mailbox(m.Name)
}

func liveByUID(m target.Mailbox) map[uint32]target.Record {
	records := map[uint32]target.Record{}
	for _, r := range m.Live() {
		records[r.UID] = r
	}
	return records
}

// mergeThreeWays returns what has to be added to and removed from mine so that
// it has what theirs has changed since the base.
func mergeThreeWays(base, theirs, mine []string) (add, remove []string) {
	for _, v := range theirs {
		if !slices.Contains(base, v) && !slices.Contains(mine, v) {
			add = append(add, v)
		}
	}
	for _, v := range base {
		if !slices.Contains(theirs, v) && slices.Contains(mine, v) {
			remove = append(remove, v)
		}
	}
	return add, remove
}
