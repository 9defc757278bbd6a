package fault

import (
	"context"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// MailboxFolderLost removes the directory of chosen mailboxes: index, cache, header
// and message files.
type MailboxFolderLost struct{}

// Name implements [Fault].
func (MailboxFolderLost) Name() string { return "mailbox-folder-lost" }

// Doc implements [Fault].
func (MailboxFolderLost) Doc() string {
	return "the directory of some mailboxes is gone, with all mail in it"
}

// Effects implements [Fault].
func (MailboxFolderLost) Effects() Effects { return Effects{Breaks: Index, HurtsMailboxes: true} }

// Inject implements [Fault].
func (MailboxFolderLost) Inject(ctx context.Context, scene Scene) (Instance, error) {
	return strike(ctx, scene, "damage to mailboxes' directories", scene.Mailboxes,
		func(ctx context.Context, hand target.FolderSaboteur, m ChosenMailbox) (target.Evidence, part, error) {
			evidence, err := hand.RemoveFolder(ctx, scene.On, m.Account, m.Mailbox)
			return evidence, unreadableMailbox(scene, m, "its directory is gone"), err
		})
}
