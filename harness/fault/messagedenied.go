package fault

import (
	"context"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// MessageDenied takes the file of one message in chosen mailboxes out of Cyrus's
// reach: another owner has it, or its mode lets nobody read it.
type MessageDenied struct{ Denial target.Denial }

// Name implements [Fault].
func (f MessageDenied) Name() string {
	return map[target.Denial]string{target.WrongOwner: "message-file-owner-wrong", target.WrongMode: "message-file-mode-wrong"}[f.Denial]
}

// Doc implements [Fault].
func (f MessageDenied) Doc() string {
	return map[target.Denial]string{
		target.WrongOwner: "the file of a message in some mailboxes is root's: it is listed, and cannot be read",
		target.WrongMode:  "the file of a message in some mailboxes has a mode that lets nobody read it: it is listed, and cannot be read",
	}[f.Denial]
}

// Effects implements [Fault].
func (MessageDenied) Effects() Effects {
	return Effects{Breaks: Message, HurtsMailboxes: true, Fits: holds(isLive)}
}

// Inject implements [Fault].
func (f MessageDenied) Inject(ctx context.Context, scene Scene) (Instance, error) {
	return strike(ctx, scene, "files out of reach", scene.Mailboxes,
		func(ctx context.Context, hand target.AccessSaboteur, m ChosenMailbox) (target.Evidence, part, error) {
			mailbox, err := scene.index(ctx, m)
			if err != nil {
				return target.Evidence{}, part{}, err
			}
			r, err := pick(m, mailbox, isLive)
			if err != nil {
				return target.Evidence{}, part{}, err
			}
			evidence, err := hand.DenyMessage(ctx, scene.On, m.Account, m.Mailbox, r.UID, f.Denial)
			return evidence, anotherBody(scene, m, r,
				Damage{Place: scene.message(m, r), Kind: target.FileInaccessible, How: "its file was " + string(f.Denial)},
				Damage{Place: scene.message(m, r), Kind: target.BodyDiffers, How: "nothing is given of it"}), err
		})
}
