package fault

import (
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// IndexTruncated cuts off the index of chosen mailboxes: their mail is on the
// disk, and nobody can open them.
type IndexTruncated struct{}

// Name implements [Fault].
func (IndexTruncated) Name() string { return "index-truncated" }

// Doc implements [Fault].
func (IndexTruncated) Doc() string {
	return "cyrus.index of some mailboxes is cut off within its header: they cannot be opened any more"
}

// Effects implements [Fault].
func (IndexTruncated) Effects() Effects { return Effects{Breaks: Index, HurtsMailboxes: true} }

// Inject implements [Fault].
func (IndexTruncated) Inject(ctx context.Context, scene Scene) (Instance, error) {
	return spoilIndexes(ctx, scene, target.IndexSaboteur.TruncateIndex)
}

// spoilIndexes does the same to the index of each chosen mailbox, after which it
// cannot be opened.
func spoilIndexes(ctx context.Context, scene Scene, spoil func(target.IndexSaboteur, context.Context, target.ServerName, string, string) (target.Evidence, error)) (Instance, error) {
	instance, err := strike(ctx, scene, "damage to index files", scene.Mailboxes,
		func(ctx context.Context, hand target.IndexSaboteur, m ChosenMailbox) (target.Evidence, part, error) {
			evidence, err := spoil(hand, ctx, scene.On, m.Account, m.Mailbox)
			return evidence, unreadableMailbox(scene, m, "its index file was damaged"), err
		})
	return summed(instance, err, func(times int) string {
		return fmt.Sprintf("cyrus.index of %d mailboxes on %s was damaged", times, scene.On)
	})
}
