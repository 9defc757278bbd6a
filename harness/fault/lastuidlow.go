package fault

import (
	"context"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// LastUIDLow makes LAST_UID of chosen mailboxes one lower than the UID that was given
// last.
type LastUIDLow struct{}

// Name implements [Fault].
func (LastUIDLow) Name() string { return "last-uid-low" }

// Doc implements [Fault].
func (LastUIDLow) Doc() string {
	return "LAST_UID of some mailboxes is one too low in cyrus.index: what appends there next dies of it, and on a replica that blocks all users"
}

// Effects implements [Fault].
func (LastUIDLow) Effects() Effects {
	return Effects{Breaks: Index, HurtsMailboxes: true, Fits: holds(isLive)}
}

// Inject implements [Fault].
func (LastUIDLow) Inject(ctx context.Context, scene Scene) (Instance, error) {
	return strike(ctx, scene, "indexes that can be rewritten", scene.Mailboxes,
		func(ctx context.Context, hand target.RecordSaboteur, m ChosenMailbox) (target.Evidence, part, error) {
			mailbox, err := scene.index(ctx, m)
			if err != nil {
				return target.Evidence{}, part{}, err
			}
			wrong := mailbox.LastUID - 1
			evidence, err := hand.SetLastUID(ctx, scene.On, m.Account, m.Mailbox, wrong)
			damage := []Damage{{Place: scene.place(m), Kind: target.LastUIDDiffers, How: "LAST_UID was made one lower"}}
			return evidence, part{damage: damage, wrong: func(ctx context.Context) (bool, error) {
				now, err := scene.index(ctx, m)
				return now.LastUID == wrong, err
			}}, err
		})
}
