package fault

import (
	"context"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// MailboxEntryLost takes the entries of chosen mailboxes out of mailboxes.db. Their
// directories stay.
type MailboxEntryLost struct{}

// Name implements [Fault].
func (MailboxEntryLost) Name() string { return "mailbox-entry-lost" }

// Doc implements [Fault].
func (MailboxEntryLost) Doc() string {
	return "the entry of some mailboxes in mailboxes.db is gone: for their users they are not there; the next login of one without an INBOX makes a new one"
}

// Effects implements [Fault].
func (MailboxEntryLost) Effects() Effects { return Effects{Breaks: MailboxList, HurtsMailboxes: true} }

// Inject implements [Fault].
func (MailboxEntryLost) Inject(ctx context.Context, scene Scene) (Instance, error) {
	return strike(ctx, scene, "damage to lists of mailboxes", scene.Mailboxes,
		func(ctx context.Context, hand target.ListSaboteur, m ChosenMailbox) (target.Evidence, part, error) {
			mailbox, err := scene.index(ctx, m)
			if err != nil {
				return target.Evidence{}, part{}, err
			}
			evidence, err := hand.RemoveEntry(ctx, scene.On, m.Account, m.Mailbox)
			return evidence, unlisted(scene, m.Account, mailbox), err
		})
}

// unlisted is a mailbox that is on its server's list no more. One that was made anew
// under its name is another.
func unlisted(scene Scene, account string, m target.Mailbox) part {
	at := target.Place{Server: scene.On, Account: account, Mailbox: m.Name}
	damage := []Damage{{Place: at, Kind: target.MailboxMissing, How: "its entry in mailboxes.db is gone"}}
	return part{damage: damage, wrong: func(ctx context.Context) (bool, error) {
		listed, err := scene.server().User().Listed(ctx, account)
		if err != nil || !slices.Contains(listed, m.Name) {
			return true, err
		}
		now, err := scene.server().Index().Mailbox(ctx, account, m.Name)
		if isRefused(err) {
			return true, nil
		}
		return now.UniqueID != m.UniqueID, err
	}}
}
