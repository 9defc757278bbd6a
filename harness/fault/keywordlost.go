package fault

import (
	"context"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/hearsay"
)

// KeywordLost takes the keywords of one message in chosen mailboxes away, on one
// server. There must be one that has some.
type KeywordLost struct{}

// Name implements [Fault].
func (KeywordLost) Name() string { return "keyword-lost" }

// Doc implements [Fault].
func (KeywordLost) Doc() string {
	return "a message in some mailboxes has lost its keywords on one side, told so by a sync client that has it wrong"
}

// Effects implements [Fault].
func (KeywordLost) Effects() Effects {
	return Effects{Breaks: Index, HurtsMailboxes: true, Fits: holds(hasKeyword)}
}

// Inject implements [Fault].
func (KeywordLost) Inject(ctx context.Context, scene Scene) (Instance, error) {
	return strike(ctx, scene, "sync clients that have it wrong", scene.Mailboxes,
		func(ctx context.Context, hand target.SyncSaboteur, m ChosenMailbox) (target.Evidence, part, error) {
			mailbox, err := scene.index(ctx, m)
			if err != nil {
				return target.Evidence{}, part{}, err
			}
			r, err := pick(m, mailbox, hasKeyword)
			if err != nil {
				return target.Evidence{}, part{}, err
			}
			kept := slices.DeleteFunc(slices.Clone(r.Flags), isKeyword)
			evidence, err := hand.Mislead(ctx, scene.On, hearsay.Flags{Place: hearsay.Place{Account: m.Account, Mailbox: m.Mailbox}, UID: r.UID, Flags: kept})
			return evidence, onRecord(scene, m, r.UID, func(now *target.Record) bool { return now != nil && slices.Equal(now.Flags, kept) },
				Damage{Place: scene.message(m, r), Kind: target.FlagsDiffer, How: "its keywords were lost"}), err
		})
}
