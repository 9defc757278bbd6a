package fault

import (
	"context"
	"errors"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// CacheSpoilt damages cyrus.cache of chosen mailboxes: it is cut off after its
// header, or gone. Neither users nor replication notice.
type CacheSpoilt struct{ Harm target.Harm }

// Name implements [Fault].
func (f CacheSpoilt) Name() string {
	return map[target.Harm]string{target.Truncated: "cache-truncated", target.Removed: "cache-deleted"}[f.Harm]
}

// Doc implements [Fault].
func (f CacheSpoilt) Doc() string {
	return map[target.Harm]string{
		target.Truncated: "cyrus.cache of some mailboxes is cut off after its header: nobody notices",
		target.Removed:   "cyrus.cache of some mailboxes is gone: nobody notices",
	}[f.Harm]
}

// Effects implements [Fault].
func (CacheSpoilt) Effects() Effects {
	return Effects{Breaks: Index, HurtsMailboxes: true, Fits: holds(isLive)}
}

// cacheHand damages the cache, and looks at it.
type cacheHand interface {
	target.FolderSaboteur
	target.Witness
}

// Inject implements [Fault].
func (f CacheSpoilt) Inject(ctx context.Context, scene Scene) (Instance, error) {
	return strike(ctx, scene, "damage to mailboxes' directories", scene.Mailboxes,
		func(ctx context.Context, hand cacheHand, m ChosenMailbox) (target.Evidence, part, error) {
			if before, err := hand.Uncached(ctx, scene.On, m.Account, m.Mailbox); err != nil || len(before) > 0 {
				return target.Evidence{}, part{}, errors.Join(err, errIf(len(before) > 0, "its cache is damaged already"))
			}
			evidence, err := hand.SpoilCache(ctx, scene.On, m.Account, m.Mailbox, f.Harm)
			return evidence, uncached(scene, hand, m), err
		})
}

// uncached is a mailbox whose cache does not tell what its records say that it does.
func uncached(scene Scene, witness target.Witness, m ChosenMailbox) part {
	damage := []Damage{{Place: scene.place(m), Kind: target.DataFileDamaged, How: "cyrus.cache was damaged"}}
	return part{damage: damage, wrong: func(ctx context.Context) (bool, error) {
		lost, err := witness.Uncached(ctx, scene.On, m.Account, m.Mailbox)
		return len(lost) > 0, err
	}}
}

func errIf(wrong bool, text string) error {
	if !wrong {
		return nil
	}
	return errors.New(text)
}
