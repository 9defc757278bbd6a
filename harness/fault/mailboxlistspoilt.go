package fault

import (
	"context"
	"fmt"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// MailboxListSpoilt damages mailboxes.db as a file: it is cut off in its middle, or
// has no byte. Accounts, or some of their mailboxes, are gone in silence.
type MailboxListSpoilt struct{ Harm target.Harm }

// Name implements [Fault].
func (f MailboxListSpoilt) Name() string { return "mailbox-list-" + string(f.Harm) }

// Doc implements [Fault].
func (f MailboxListSpoilt) Doc() string {
	return map[target.Harm]string{
		target.Truncated: "mailboxes.db is cut off in its middle: the mailboxes after the cut, or all, are gone in silence",
		target.Emptied:   "mailboxes.db is empty: all mailboxes of all accounts are gone in silence",
	}[f.Harm]
}

// Effects implements [Fault].
func (MailboxListSpoilt) Effects() Effects { return Effects{Breaks: MailboxList} }

// Inject implements [Fault].
func (f MailboxListSpoilt) Inject(ctx context.Context, scene Scene) (Instance, error) {
	had := map[string][]target.Mailbox{}
	for _, account := range scene.Accounts {
		mailboxes, err := scene.server().Index().Mailboxes(ctx, account)
		if err != nil {
			return nil, fmt.Errorf("looking which mailboxes %s has on %s: %w", account, scene.On, err)
		}
		had[account] = mailboxes
	}
	return strike(ctx, scene, "damage to lists of mailboxes", []string{"mailboxes.db"},
		func(ctx context.Context, hand target.ListSaboteur, _ string) (target.Evidence, part, error) {
			evidence, err := hand.SpoilList(ctx, scene.On, f.Harm)
			if err != nil {
				return evidence, part{}, err
			}
			p, err := listLost(ctx, scene, had)
			return evidence, p, err
		})
}

// listLost is what is on a server's list no more: whole accounts, or mailboxes.
func listLost(ctx context.Context, scene Scene, had map[string][]target.Mailbox) (part, error) {
	var lost []part
	whole := part{wrong: func(ctx context.Context) (bool, error) {
		for _, p := range lost {
			if wrong, err := p.wrong(ctx); wrong || err != nil {
				return wrong, err
			}
		}
		return false, nil
	}}
	for _, account := range scene.Accounts {
		listed, err := scene.server().User().Listed(ctx, account)
		if err != nil {
			return part{}, fmt.Errorf("looking which mailboxes of %s are listed on %s: %w", account, scene.On, err)
		}
		for _, m := range had[account] {
			if slices.Contains(listed, m.Name) {
				continue
			}
			p := unlisted(scene, account, m)
			lost = append(lost, p)
			if len(listed) > 0 {
				whole.damage = append(whole.damage, p.damage...)
			}
		}
		if len(listed) == 0 && len(had[account]) > 0 {
			whole.damage = append(whole.damage, Damage{
				Place: target.Place{Server: scene.On, Account: account}, Kind: target.AccountMissing, How: "mailboxes.db has none of its mailboxes",
			})
		}
	}
	return whole, nil
}
