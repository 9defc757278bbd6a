package fault

import (
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// ReconstructWrongSide rebuilds the index of a mailbox on the side that has lost a
// message file: the loss is carried to the side that had it.
type ReconstructWrongSide struct{}

// Name implements [Fault].
func (ReconstructWrongSide) Name() string { return "reconstruct-wrong-side" }

// Doc implements [Fault].
func (ReconstructWrongSide) Doc() string {
	return "a message file of `count` mailboxes is lost on the master, and the mailbox is reconstructed there: the replica's good copy is expunged"
}

// Effects implements [Fault].
func (ReconstructWrongSide) Effects() Effects {
	return Effects{Breaks: BothSides, NeedsReplication: true, HurtsMailboxes: true, Fits: holds(isLive)}
}

// Inject implements [Fault].
func (ReconstructWrongSide) Inject(ctx context.Context, scene Scene) (Instance, error) {
	files, err := hand[target.SpoolSaboteur](scene, "damage to message files")
	if err != nil {
		return nil, err
	}
	if len(scene.Mailboxes) == 0 {
		return nil, errNoMailbox
	}
	if err := workedOff(ctx, scene); err != nil {
		return nil, err
	}
	var evidence target.Evidence
	var lost []gone
	for _, m := range scene.Mailboxes {
		there, err := liveIn(ctx, scene.Pair.Server(scene.On.Other()), m.Account, m.Mailbox)
		if err != nil {
			return nil, err
		}
		if len(there) == 0 {
			return nil, fmt.Errorf("%s of %s holds no message to be lost", m.Mailbox, m.Account)
		}
		file, err := files.SpoilMessage(ctx, scene.On, m.Account, m.Mailbox, there[0].place.UID, target.Removed)
		if err != nil {
			return nil, err
		}
		if _, err := scene.Pair.Operator().Reconstruct(ctx, scene.On, m.Account, m.Mailbox); err != nil {
			return nil, err
		}
		here := there[0].place
		here.Server = scene.On
		lost = append(lost, there[0], gone{here})
		evidence = evidence.And(file)
	}
	if err := allGone(ctx, scene, lost); err != nil {
		return nil, err
	}
	evidence = evidence.And(target.Evidence{
		Summary: fmt.Sprintf("reconstruct on %s carried the loss to %s", scene.On, scene.On.Other()),
		Facts:   []target.Fact{{What: fmt.Sprintf("messages that are lost on %s", scene.On.Other()), Before: "0", After: fmt.Sprint(len(lost) / 2)}},
	})
	return &standing{
		evidence: evidence, damage: missing(target.MessageLost, lost, "its file was lost on one side, which was reconstructed"),
		live: func(ctx context.Context) (bool, error) { return anyMissing(ctx, scene.Pair, lost) },
	}, nil
}

// allGone waits until each of the messages has gone.
func allGone(ctx context.Context, scene Scene, messages []gone) error {
	return target.WaitUntil(ctx, scene.Pair.Clock(), followsWithin, "the loss to be carried to the other side", func(ctx context.Context) (bool, string, error) {
		for _, m := range messages {
			gone, err := anyMissing(ctx, scene.Pair, []gone{m})
			if !gone || err != nil {
				return false, m.place.String() + " is there", err
			}
		}
		return true, "", nil
	})
}
