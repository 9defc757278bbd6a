package restore

import (
	"context"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Everything brings back all that the other restorers do, in one plan, so that each
// account is done before the next one is begun. What one of them is going to do the
// following ones take for done.
type Everything struct{}

// Name implements [Restorer].
func (Everything) Name() string { return "restore-everything" }

// Doc implements [Restorer].
func (Everything) Doc() string {
	return "all of scripts, mailboxes, damaged messages, messages, expunges, flags and settings in one plan, account by account"
}

// Plan implements [Restorer].
func (r Everything) Plan(ctx context.Context, scene Scene) (Plan, error) {
	return planAccounts(ctx, scene, r.Name(), func(ctx context.Context, p *accountPlanner) ([]Action, error) {
		scripts, err := p.scripts(ctx)
		if err != nil {
			return nil, err
		}
		mailboxes := p.mailboxes()
		p.now = p.after(mailboxes)
		actions := append(mailboxes, scripts...) // which file into them
		replacements, err := p.replacements(ctx)
		if err != nil {
			return nil, err
		}
		actions = append(actions, replacements...)
		actions = append(actions, p.missing()...)
		actions = append(actions, p.expunges()...)
		actions = append(actions, p.flags()...)
		return append(actions, p.settings()...), nil
	})
}

// after is what an account will be like when its mailboxes have been made, renamed
// and deleted as planned.
func (p *accountPlanner) after(actions []Action) target.Snapshot {
	now := p.now
	now.Mailboxes, now.Meta.Deleted = slices.Clone(now.Mailboxes), slices.Clone(now.Meta.Deleted)
	for _, a := range actions {
		switch a.Act {
		case Remake:
			source, _ := byUniqueID(p.rescued, a.Name)
			source.Name = a.Mailbox
			now.Mailboxes = append(now.Mailboxes, source)
		case Create:
			now.Mailboxes = append(now.Mailboxes, made(now, a.Mailbox))
		case Rename:
			for i, m := range now.Mailboxes {
				if m.Name == a.Mailbox || strings.HasPrefix(m.Name, a.Mailbox+"/") {
					now.Mailboxes[i].Name = a.To + m.Name[len(a.Mailbox):]
				}
			}
		case Delete:
			m, _ := now.Mailbox(a.Mailbox)
			now.Meta.Deleted = append(now.Meta.Deleted, m.UniqueID)
			now.Mailboxes = slices.DeleteFunc(now.Mailboxes, func(m target.Mailbox) bool { return m.Name == a.Mailbox })
		}
	}
	slices.SortFunc(now.Mailboxes, func(a, b target.Mailbox) int { return strings.Compare(a.Name, b.Name) })
	return now
}

// made is a mailbox as Cyrus makes it: with the rights of the one above it.
func made(now target.Snapshot, name string) target.Mailbox {
	above := name
	for {
		cut := strings.LastIndexByte(above, '/')
		if cut < 0 {
			return target.Mailbox{Name: name}
		}
		above = above[:cut]
		if parent, ok := now.Mailbox(above); ok {
			return target.Mailbox{Name: name, ACL: parent.ACL}
		}
	}
}
