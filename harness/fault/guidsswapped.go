package fault

import (
	"context"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// GUIDsSwapped lets two records of chosen mailboxes change GUIDs. The message files
// stay where they are.
type GUIDsSwapped struct{}

// Name implements [Fault].
func (GUIDsSwapped) Name() string { return "guids-swapped" }

// Doc implements [Fault].
func (GUIDsSwapped) Doc() string {
	return "two messages' GUIDs are swapped in cyrus.index of some mailboxes, with checksums that hold: SYNC_CRC is the same, so replication never notices"
}

// Effects implements [Fault].
func (GUIDsSwapped) Effects() Effects {
	return Effects{Breaks: Index, HurtsMailboxes: true, Fits: holdsTwo}
}

// Inject implements [Fault].
func (GUIDsSwapped) Inject(ctx context.Context, scene Scene) (Instance, error) {
	return strike(ctx, scene, "indexes that can be rewritten", scene.Mailboxes,
		func(ctx context.Context, hand target.RecordSaboteur, m ChosenMailbox) (target.Evidence, part, error) {
			mailbox, err := scene.index(ctx, m)
			if err != nil {
				return target.Evidence{}, part{}, err
			}
			first, second, err := pickTwo(m, mailbox)
			if err != nil {
				return target.Evidence{}, part{}, err
			}
			evidence, err := hand.SwapGUIDs(ctx, scene.On, m.Account, m.Mailbox, first.UID, second.UID)
			var damage []Damage
			for _, r := range []target.Record{first, second} {
				damage = append(damage,
					Damage{Place: scene.message(m, r), Kind: target.GUIDDiffers, How: "its GUID is another message's"},
					Damage{Place: scene.message(m, r), Kind: target.BodyDiffers, How: "its file is not the one that its GUID names"})
			}
			return evidence, onRecord(scene, m, first.UID, func(now *target.Record) bool { return now != nil && now.GUID == second.GUID }, damage...), err
		})
}
