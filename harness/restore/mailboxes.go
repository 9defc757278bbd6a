package restore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// RestoreMailboxes carries over what users did to mailboxes on the old master
// and what never reached the replica: mailboxes made, with the mail in them, renamed and
// deleted. A
// mailbox that was deleted there and has got new mail here, whether that is still
// in it or not, is emptied of its old mail and kept: its user files mail there. So is
// one that has another below it here, which stays.
type RestoreMailboxes struct{}

// Name implements [Restorer].
func (RestoreMailboxes) Name() string { return "restore-mailboxes" }

// Doc implements [Restorer].
func (RestoreMailboxes) Doc() string {
	return "makes, renames and deletes mailboxes as users had done where it never reached the replica"
}

// Plan implements [Restorer].
func (r RestoreMailboxes) Plan(ctx context.Context, scene Scene) (Plan, error) {
	return planAccounts(ctx, scene, r.Name(), func(_ context.Context, p *accountPlanner) ([]Action, error) {
		return p.mailboxes(), nil
	})
}

func (p *accountPlanner) mailboxes() []Action {
	tree := newTree(p.now)
	actions, left := p.deletions(tree, p.deletedThere())
	actions = append(actions, p.renames(tree)...)
	more, used := p.deletions(tree, left) // those below may have another name by now
	actions = append(append(actions, more...), p.emptyOfOld(tree, used)...)
	return append(actions, p.creations(tree)...)
}

// tree is the names that mailboxes on the serving server have, as the planned
// actions change them, by unique ID.
type tree map[string]string

func newTree(now target.Snapshot) tree {
	t := tree{}
	for _, m := range now.Mailboxes {
		t[m.UniqueID] = m.Name
	}
	return t
}

func (t tree) taken(name string) bool {
	for _, n := range t {
		if n == name {
			return true
		}
	}
	return false
}

// rename renames a mailbox and those below it, as IMAP does.
func (t tree) rename(from, to string) {
	for id, name := range t {
		if name == from || strings.HasPrefix(name, from+"/") {
			t[id] = to + name[len(from):]
		}
	}
}

func (t tree) name(uniqueID string) (string, bool) {
	name, there := t[uniqueID]
	return name, there
}

// nameHere is the name of a mailbox of the rescued store that the serving server lacks:
// below the nearest of those above it that are there, whatever that is called by now.
func (p *accountPlanner) nameHere(name string, now func(uniqueID string) (string, bool)) string {
	for cut := strings.LastIndexByte(name, '/'); cut >= 0; cut = strings.LastIndexByte(name[:cut], '/') {
		if above, known := p.rescued.Mailbox(name[:cut]); known {
			if here, there := now(above.UniqueID); there {
				return here + name[cut:]
			}
		}
	}
	return name
}

func (t tree) hasBelow(name string) bool {
	for _, n := range t {
		if strings.HasPrefix(n, name+"/") {
			return true
		}
	}
	return false
}

// deletedThere returns the mailboxes that the serving server has and that their user
// had deleted on the old master, as they were in the freeze, the deepest first.
func (p *accountPlanner) deletedThere() []target.Mailbox {
	var deleted []target.Mailbox
	for _, before := range slices.Backward(p.before.Mailboxes) {
		if _, there := byUniqueID(p.now, before.UniqueID); there && slices.Contains(p.rescued.Meta.Deleted, before.UniqueID) {
			deleted = append(deleted, before)
		}
	}
	return deleted
}

// deletions plans the deletion of each of the mailboxes that nobody uses, and returns
// the others.
func (p *accountPlanner) deletions(tree tree, mailboxes []target.Mailbox) (actions []Action, left []target.Mailbox) {
	for _, before := range mailboxes {
		now, _ := byUniqueID(p.now, before.UniqueID)
		name := tree[before.UniqueID]
		if gotMail(before, now) || tree.hasBelow(name) {
			left = append(left, before)
			continue
		}
		delete(tree, before.UniqueID)
		actions = append(actions, Action{Act: Delete, Account: p.account, Mailbox: name, Why: p.whyDeleted()})
	}
	return actions, left
}

func (p *accountPlanner) whyDeleted() string {
	return fmt.Sprintf("its user had deleted it on %s", p.rescued.Server)
}

// gotMail says whether mail has come into the mailbox since the freeze.
func gotMail(before, now target.Mailbox) bool { return now.LastUID > before.LastUID }

func (p *accountPlanner) emptyOfOld(tree tree, mailboxes []target.Mailbox) []Action {
	var actions []Action
	for _, before := range mailboxes {
		now, _ := byUniqueID(p.now, before.UniqueID)
		for _, r := range now.Live() {
			if r.UID <= before.LastUID {
				actions = append(actions, Action{
					Act: Expunge, Account: p.account, Mailbox: tree[before.UniqueID], UID: r.UID, GUID: r.GUID,
					Why: p.whyDeleted() + " with its mailbox, which is used here",
				})
			}
		}
	}
	return actions
}

// renames plans the renaming of each mailbox that its user had renamed, parents
// first, unless the user has renamed it since.
func (p *accountPlanner) renames(tree tree) []Action {
	var actions []Action
	for _, source := range p.rescued.Mailboxes {
		before, known := byUniqueID(p.before, source.UniqueID)
		now, there := byUniqueID(p.now, source.UniqueID)
		if !known || !there || before.Name == source.Name || now.Name != before.Name {
			continue
		}
		name := tree[source.UniqueID]
		if name == source.Name {
			continue // with its parent
		}
		action := Action{
			Act: Rename, Account: p.account, Mailbox: name, To: source.Name,
			Why: fmt.Sprintf("its user had renamed it on %s", p.rescued.Server),
		}
		if tree.taken(source.Name) {
			action.Act = Keep
			action.Why += ", and there is another mailbox of that name by now"
		} else {
			tree.rename(name, source.Name)
		}
		actions = append(actions, action)
	}
	return actions
}

// creations plans the making of each mailbox that only the rescued store has,
// parents first: again as it was, with its mail, where that can be; else a new one. One
// that the user has deleted since is not made again; one below a mailbox that the user has
// renamed since is made below that, where it would have gone with it.
func (p *accountPlanner) creations(tree tree) []Action {
	var actions []Action
	for _, source := range p.rescued.Mailboxes {
		_, known := byUniqueID(p.before, source.UniqueID)
		_, there := byUniqueID(p.now, source.UniqueID)
		name := p.nameHere(source.Name, tree.name)
		if known || there || tree.taken(name) || slices.Contains(p.now.Meta.Deleted, source.UniqueID) {
			continue
		}
		tree[source.UniqueID] = name
		action := Action{
			Act: Create, Account: p.account, Mailbox: name,
			Why: fmt.Sprintf("its user had made it on %s", p.rescued.Server),
		}
		if slices.Contains(p.frozen.Unreadable[p.account], source.Name) {
			action.Act = Keep
			action.Why = fmt.Sprintf("%s has it, and nobody can open it: rebuild it first", p.now.Server)
		} else if why := p.whyNotRemade(source, name); why != "" {
			action.Why += "; as a new one: " + why
		} else {
			actions = append(actions, p.remake(source, name)...)
			continue
		}
		actions = append(actions, action)
	}
	return actions
}
