package fault

import (
	"context"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// StrayMessageFile puts a message file into chosen mailboxes of which no record
// tells, as a crash amid an append may leave it.
type StrayMessageFile struct{}

// Name implements [Fault].
func (StrayMessageFile) Name() string { return "stray-message-file" }

// Doc implements [Fault].
func (StrayMessageFile) Doc() string {
	return "a message file of no record lies in some mailboxes: nobody notices, and a reconstruct makes a message of it"
}

// Effects implements [Fault].
func (StrayMessageFile) Effects() Effects { return Effects{Breaks: Message, HurtsMailboxes: true} }

// spoolHand damages message files, and looks at them.
type spoolHand interface {
	target.SpoolSaboteur
	target.Witness
}

// Inject implements [Fault].
func (StrayMessageFile) Inject(ctx context.Context, scene Scene) (Instance, error) {
	const stray = "Subject: a message that nobody was promised\r\n\r\nIt was never acknowledged.\r\n"
	const beyond = 10 // so that what arrives next does not take its place at once
	return strike(ctx, scene, "damage to message files", scene.Mailboxes,
		func(ctx context.Context, hand spoolHand, m ChosenMailbox) (target.Evidence, part, error) {
			mailbox, err := scene.index(ctx, m)
			if err != nil {
				return target.Evidence{}, part{}, err
			}
			uid := mailbox.LastUID + beyond
			evidence, err := hand.AddMessageFile(ctx, scene.On, m.Account, m.Mailbox, uid, []byte(stray))
			at := scene.place(m)
			at.UID, at.GUID = uid, target.DigestBody([]byte(stray))
			damage := []Damage{{Place: at, Kind: target.StrayFile, How: "it was put there"}}
			return evidence, part{damage: damage, wrong: func(ctx context.Context) (bool, error) {
				return isStray(ctx, scene, hand, m, uid)
			}}, err
		})
}

// isStray says whether there is a file for a UID of which no record tells.
func isStray(ctx context.Context, scene Scene, witness target.Witness, m ChosenMailbox, uid uint32) (bool, error) {
	files, err := witness.MessageFiles(ctx, scene.On, m.Account, m.Mailbox)
	if _, there := files[uid]; !there || err != nil {
		return false, err
	}
	mailbox, err := scene.index(ctx, m)
	if isRefused(err) {
		return true, nil
	}
	return !holds(func(r target.Record) bool { return r.UID == uid })(mailbox), err
}
