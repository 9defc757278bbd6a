package fault

import (
	"context"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// TombstoneLost wipes the record of an expunged message. Its file, if it is still
// there, stays: a reconstruct brings it back to life.
type TombstoneLost struct{}

// Name implements [Fault].
func (TombstoneLost) Name() string { return "tombstone-lost" }

// Doc implements [Fault].
func (TombstoneLost) Doc() string {
	return "the tombstone of an expunged message is gone from cyrus.index of some mailboxes: only there nobody knows any more that it was expunged"
}

// Effects implements [Fault].
func (TombstoneLost) Effects() Effects {
	return Effects{Breaks: Index, HurtsMailboxes: true, Fits: holds(isTombstone)}
}

// Inject implements [Fault].
func (TombstoneLost) Inject(ctx context.Context, scene Scene) (Instance, error) {
	return strike(ctx, scene, "damage to index files", scene.Mailboxes,
		func(ctx context.Context, hand target.IndexSaboteur, m ChosenMailbox) (target.Evidence, part, error) {
			mailbox, err := scene.index(ctx, m)
			if err != nil {
				return target.Evidence{}, part{}, err
			}
			r, err := pick(m, mailbox, isTombstone)
			if err != nil {
				return target.Evidence{}, part{}, err
			}
			evidence, err := hand.WipeRecord(ctx, scene.On, m.Account, m.Mailbox, r.UID)
			damage := []Damage{{Place: scene.message(m, r), Kind: target.TombstoneMissing, How: "its record was wiped"}}
			if files, ok := hand.(target.Witness); ok && err == nil {
				damage, err = withStrayFile(ctx, scene, files, m, r, damage)
			}
			return evidence, onRecord(scene, m, r.UID, isGone, damage...), err
		})
}

// withStrayFile adds that the file of a message which has no record any more is
// still there, if it is.
func withStrayFile(ctx context.Context, scene Scene, witness target.Witness, m ChosenMailbox, r target.Record, damage []Damage) ([]Damage, error) {
	files, err := witness.MessageFiles(ctx, scene.On, m.Account, m.Mailbox)
	if _, there := files[r.UID]; there {
		damage = append(damage, Damage{Place: scene.message(m, r), Kind: target.StrayFile, How: "no record tells of it any more"})
	}
	return damage, err
}
