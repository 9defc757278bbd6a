package fault

import (
	"context"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// MessagesSwapped lets the files of two messages in chosen mailboxes change places.
type MessagesSwapped struct{}

// Name implements [Fault].
func (MessagesSwapped) Name() string { return "message-files-swapped" }

// Doc implements [Fault].
func (MessagesSwapped) Doc() string {
	return "the files of two messages in some mailboxes have changed places: each is given for the other"
}

// Effects implements [Fault].
func (MessagesSwapped) Effects() Effects {
	return Effects{Breaks: Message, HurtsMailboxes: true, Fits: holdsTwo}
}

// Inject implements [Fault].
func (MessagesSwapped) Inject(ctx context.Context, scene Scene) (Instance, error) {
	return strike(ctx, scene, "damage to message files", scene.Mailboxes,
		func(ctx context.Context, hand target.SpoolSaboteur, m ChosenMailbox) (target.Evidence, part, error) {
			mailbox, err := scene.index(ctx, m)
			if err != nil {
				return target.Evidence{}, part{}, err
			}
			first, second, err := pickTwo(m, mailbox)
			if err != nil {
				return target.Evidence{}, part{}, err
			}
			evidence, err := hand.SwapMessages(ctx, scene.On, m.Account, m.Mailbox, first.UID, second.UID)
			return evidence, anotherBody(scene, m, first,
				Damage{Place: scene.message(m, first), Kind: target.BodyDiffers, How: "its file is another message's"},
				Damage{Place: scene.message(m, second), Kind: target.BodyDiffers, How: "its file is another message's"}), err
		})
}
