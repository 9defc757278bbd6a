package fault

import (
	"context"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// IndexRecordWiped turns the record of a message into one of no message: its checksum
// holds, so nobody notices, and the message is gone for its user.
type IndexRecordWiped struct{}

// Name implements [Fault].
func (IndexRecordWiped) Name() string { return "index-record-wiped" }

// Doc implements [Fault].
func (IndexRecordWiped) Doc() string {
	return "a record of a message in cyrus.index of some mailboxes is one of no message, with a checksum that holds: the message is not listed, and replication sees no difference"
}

// Effects implements [Fault].
func (IndexRecordWiped) Effects() Effects {
	return Effects{Breaks: Index, HurtsMailboxes: true, Fits: holds(isLive)}
}

// Inject implements [Fault].
func (IndexRecordWiped) Inject(ctx context.Context, scene Scene) (Instance, error) {
	return strike(ctx, scene, "damage to index files", scene.Mailboxes,
		func(ctx context.Context, hand target.IndexSaboteur, m ChosenMailbox) (target.Evidence, part, error) {
			mailbox, err := scene.index(ctx, m)
			if err != nil {
				return target.Evidence{}, part{}, err
			}
			r, err := pick(m, mailbox, isLive)
			if err != nil {
				return target.Evidence{}, part{}, err
			}
			evidence, err := hand.WipeRecord(ctx, scene.On, m.Account, m.Mailbox, r.UID)
			return evidence, onRecord(scene, m, r.UID, isGone,
				Damage{Place: scene.message(m, r), Kind: target.MessageMissing, How: "its record was wiped"},
				Damage{Place: scene.message(m, r), Kind: target.StrayFile, How: "no record tells of it any more"}), err
		})
}
