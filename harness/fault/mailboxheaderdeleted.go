package fault

import (
	"context"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// MailboxHeaderDeleted removes cyrus.header of chosen mailboxes.
type MailboxHeaderDeleted struct{}

// Name implements [Fault].
func (MailboxHeaderDeleted) Name() string { return "mailbox-header-deleted" }

// Doc implements [Fault].
func (MailboxHeaderDeleted) Doc() string {
	return "cyrus.header of some mailboxes is gone: they cannot be opened any more"
}

// Effects implements [Fault].
func (MailboxHeaderDeleted) Effects() Effects { return Effects{Breaks: Index, HurtsMailboxes: true} }

// Inject implements [Fault].
func (MailboxHeaderDeleted) Inject(ctx context.Context, scene Scene) (Instance, error) {
	return strike(ctx, scene, "damage to mailboxes' directories", scene.Mailboxes,
		func(ctx context.Context, hand target.FolderSaboteur, m ChosenMailbox) (target.Evidence, part, error) {
			evidence, err := hand.RemoveHeader(ctx, scene.On, m.Account, m.Mailbox)
			return evidence, unreadableMailbox(scene, m, "its header file is gone",
				Damage{Place: scene.place(m), Kind: target.DataFileDamaged, How: "cyrus.header is gone"}), err
		})
}
