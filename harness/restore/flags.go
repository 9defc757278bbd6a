package restore

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// MergeFlags brings flags and keywords to what users had set on the old master,
// for messages that both servers have, and for copies that users have made of them
// since. It merges three ways: what changed between the replica's state in the
// freeze and the rescued store is applied to what is there now, so that what users
// have changed since stands. Of which message a copy was made is told by its bytes;
// where that leaves more than one, and they were not changed alike, the flags in
// question stay, and are listed as doubtful.
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
		return p.flags(), nil
	})
}

func (p *accountPlanner) flags() []Action {
	var actions []Action
	for _, source := range p.rescued.Mailboxes {
		actions = append(actions, p.mergeFlags(source)...)
	}
	return append(actions, p.mergeFlagsOfCopies()...)
}

// mergeFlags is about messages that are where they were.
func (p *accountPlanner) mergeFlags(source target.Mailbox) []Action {
	before, known := byUniqueID(p.before, source.UniqueID)
	now, there := byUniqueID(p.now, source.UniqueID)
	if !known || !there || before.UIDValidity != now.UIDValidity {
		return nil
	}
	var actions []Action
	for _, theirs := range source.Live() {
		frozen, mine := liveAt(before, theirs.UID), liveAt(now, theirs.UID)
		if frozen == nil || mine == nil || frozen.GUID != theirs.GUID || mine.GUID != theirs.GUID {
			continue
		}
		add, remove := mergeThreeWays(frozen.Flags, theirs.Flags, mine.Flags)
		if source.UIDValidity != before.UIDValidity {
			remove = nil // it was rebuilt there, and what it lacks was lost with its index
		}
		if len(add)+len(remove) == 0 {
			continue
		}
		actions = append(actions, Action{
			Act: Flag, Account: p.account, Mailbox: now.Name, UID: mine.UID, GUID: mine.GUID, Add: add, Remove: remove, Why: p.whyFlags(source.UniqueID),
		})
	}
	return actions
}

func (p *accountPlanner) whyFlags(uniqueID string) string {
	why := fmt.Sprintf("as its user had it on %s", p.rescued.Server)
	if p.frozen.WasRebuilt(p.account, uniqueID) {
		why += "; the flags here were lost with the index"
	}
	return why
}

// liveAt returns the message of that UID, to be read alone, or nil where the mailbox has
// none.
func liveAt(m target.Mailbox, uid uint32) *target.Record {
	i, ok := slices.BinarySearchFunc(m.Records, uid, func(r target.Record, uid uint32) int { return cmp.Compare(r.UID, uid) })
	if !ok || m.Records[i].Expunged {
		return nil
	}
	return &m.Records[i]
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
