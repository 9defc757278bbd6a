package fault

import (
	"context"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// IndexSpoilt damages the index of chosen mailboxes as a file: a byte of its header
// is another, all of it is zeros, or it is gone.
type IndexSpoilt struct{ Harm target.Harm }

// Name implements [Fault].
func (f IndexSpoilt) Name() string {
	return map[target.Harm]string{target.Flipped: "index-header-flipped", target.Zeroed: "index-zeroed", target.Removed: "index-deleted"}[f.Harm]
}

// Doc implements [Fault].
func (f IndexSpoilt) Doc() string {
	return map[target.Harm]string{
		target.Flipped: "a byte in the header of cyrus.index of some mailboxes is another: they cannot be opened any more",
		target.Zeroed:  "cyrus.index of some mailboxes is nothing but zeros: they cannot be opened any more",
		target.Removed: "cyrus.index of some mailboxes is gone: they cannot be opened any more",
	}[f.Harm]
}

// Effects implements [Fault].
func (IndexSpoilt) Effects() Effects { return Effects{Breaks: Index, HurtsMailboxes: true} }

// Inject implements [Fault].
func (f IndexSpoilt) Inject(ctx context.Context, scene Scene) (Instance, error) {
	return spoilIndexes(ctx, scene, func(hand target.IndexSaboteur, ctx context.Context, on target.ServerName, account, mailbox string) (target.Evidence, error) {
		return hand.SpoilIndex(ctx, on, account, mailbox, f.Harm)
	})
}
