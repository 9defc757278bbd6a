package fault

import (
	"context"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/hearsay"
)

// ModSeqChanged gives one message in chosen mailboxes a higher modseq, on one server.
type ModSeqChanged struct{}

// ahead is so much that no change of the mailbox reaches it soon.
const ahead = 1000

// Name implements [Fault].
func (ModSeqChanged) Name() string { return "modseq-changed" }

// Doc implements [Fault].
func (ModSeqChanged) Doc() string {
	return "a message in some mailboxes has a higher modseq on one side, and nothing else differs, told so by a sync client that has it wrong"
}

// Effects implements [Fault].
func (ModSeqChanged) Effects() Effects {
	return Effects{Breaks: Index, HurtsMailboxes: true, Fits: holds(isLive)}
}

// Inject implements [Fault].
func (ModSeqChanged) Inject(ctx context.Context, scene Scene) (Instance, error) {
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
			wrong := mailbox.HighestModSeq + ahead
			evidence, err := hand.Mislead(ctx, scene.On, hearsay.ModSeq{Place: hearsay.Place{Account: m.Account, Mailbox: m.Mailbox}, UID: r.UID, ModSeq: wrong})
			return evidence, onRecord(scene, m, r.UID, func(now *target.Record) bool { return now != nil && now.ModSeq == wrong },
				Damage{Place: scene.message(m, r), Kind: target.ModSeqDiffers, How: "it counts as changed here alone"},
				Damage{Place: scene.place(m), Kind: target.ModSeqDiffers, How: "HIGHESTMODSEQ went with it"}), err
		})
}
