package fault

import (
	"context"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/hearsay"
)

// InternalDateChanged dates one message in chosen mailboxes a day earlier, on one
// server.
type InternalDateChanged struct{}

// Name implements [Fault].
func (InternalDateChanged) Name() string { return "internaldate-changed" }

// Doc implements [Fault].
func (InternalDateChanged) Doc() string {
	return "a message in some mailboxes has an INTERNALDATE a day earlier on one side, told so by a sync client that has it wrong"
}

// Effects implements [Fault].
func (InternalDateChanged) Effects() Effects {
	return Effects{Breaks: Index, HurtsMailboxes: true, Fits: holds(isLive)}
}

// Inject implements [Fault].
func (InternalDateChanged) Inject(ctx context.Context, scene Scene) (Instance, error) {
	return strike(ctx, scene, "sync clients that have it wrong", scene.Mailboxes,
		func(ctx context.Context, hand target.SyncSaboteur, m ChosenMailbox) (target.Evidence, part, error) {
			mailbox, err := scene.index(ctx, m)
			if err != nil {
				return target.Evidence{}, part{}, err
			}
			r, err := pick(m, mailbox, isLive)
			if err != nil {
				return target.Evidence{}, part{}, err
			}
			wrong := r.InternalDate.AddDate(0, 0, -1)
			evidence, err := hand.Mislead(ctx, scene.On, hearsay.Date{Place: hearsay.Place{Account: m.Account, Mailbox: m.Mailbox}, UID: r.UID, Date: wrong})
			return evidence, onRecord(scene, m, r.UID, func(now *target.Record) bool { return now != nil && now.InternalDate.Equal(wrong) },
				Damage{Place: scene.message(m, r), Kind: target.DateDiffers, How: "it was dated a day earlier"}), err
		})
}
