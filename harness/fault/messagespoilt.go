package fault

import (
	"context"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// MessageSpoilt damages the file of one message in chosen mailboxes.
type MessageSpoilt struct{ Harm target.Harm }

// Name implements [Fault].
func (f MessageSpoilt) Name() string {
	return map[target.Harm]string{
		target.Removed: "message-file-missing", target.Emptied: "message-file-emptied",
		target.Truncated: "message-file-truncated", target.Flipped: "message-file-flipped",
	}[f.Harm]
}

// Doc implements [Fault].
func (f MessageSpoilt) Doc() string {
	return map[target.Harm]string{
		target.Removed:   "the file of a message in some mailboxes is gone: it is listed, and cannot be read",
		target.Emptied:   "the file of a message in some mailboxes has no byte: it is listed, and cannot be read",
		target.Truncated: "the file of a message in some mailboxes is cut off in its middle: it is given with blanks for the rest",
		target.Flipped:   "a byte in the file of a message in some mailboxes is another: it is given so, and nobody notices",
	}[f.Harm]
}

// Effects implements [Fault].
func (MessageSpoilt) Effects() Effects {
	return Effects{Breaks: Message, HurtsMailboxes: true, Fits: holds(isLive)}
}

// Inject implements [Fault].
func (f MessageSpoilt) Inject(ctx context.Context, scene Scene) (Instance, error) {
	return strike(ctx, scene, "damage to message files", scene.Mailboxes,
		func(ctx context.Context, hand target.SpoolSaboteur, m ChosenMailbox) (target.Evidence, part, error) {
			mailbox, err := scene.index(ctx, m)
			if err != nil {
				return target.Evidence{}, part{}, err
			}
			r, err := pick(m, mailbox, isLive)
			if err != nil {
				return target.Evidence{}, part{}, err
			}
			evidence, err := hand.SpoilMessage(ctx, scene.On, m.Account, m.Mailbox, r.UID, f.Harm)
			return evidence, anotherBody(scene, m, r,
				Damage{Place: scene.message(m, r), Kind: target.BodyDiffers, How: "its file was " + string(f.Harm)}), err
		})
}
