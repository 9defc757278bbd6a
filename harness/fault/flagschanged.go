package fault

import (
	"context"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/hearsay"
)

// FlagsChanged makes a message in chosen mailboxes \Flagged, or not, on one server.
type FlagsChanged struct{}

// Name implements [Fault].
func (FlagsChanged) Name() string { return "flags-changed" }

// Doc implements [Fault].
func (FlagsChanged) Doc() string {
	return "a message in some mailboxes has another flag on one side, told so by a sync client that has it wrong"
}

// Effects implements [Fault].
func (FlagsChanged) Effects() Effects {
	return Effects{Breaks: Index, HurtsMailboxes: true, Fits: holds(isLive)}
}

// Inject implements [Fault].
func (FlagsChanged) Inject(ctx context.Context, scene Scene) (Instance, error) {
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
			const flag = `\Flagged`
			wrong := slices.DeleteFunc(slices.Clone(r.Flags), func(f string) bool { return f == flag })
			if len(wrong) == len(r.Flags) {
				wrong = append(wrong, flag)
				slices.Sort(wrong)
			}
			evidence, err := hand.Mislead(ctx, scene.On, hearsay.Flags{Place: hearsay.Place{Account: m.Account, Mailbox: m.Mailbox}, UID: r.UID, Flags: wrong})
			return evidence, onRecord(scene, m, r.UID, func(now *target.Record) bool { return now != nil && slices.Equal(now.Flags, wrong) },
				Damage{Place: scene.message(m, r), Kind: target.FlagsDiffer, How: "its flags were changed here alone"}), err
		})
}
