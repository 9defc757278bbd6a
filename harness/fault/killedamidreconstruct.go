package fault

import (
	"context"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// KilledAmidReconstruct kills a server while an administrator rebuilds the index of a
// mailbox that could not be opened.
type KilledAmidReconstruct struct{}

// Name implements [Fault].
func (KilledAmidReconstruct) Name() string { return "killed-amid-reconstruct" }

// Doc implements [Fault].
func (KilledAmidReconstruct) Doc() string {
	return "the index of a mailbox is cut off, and the server is killed while reconstruct rebuilds it"
}

// Effects implements [Fault].
func (KilledAmidReconstruct) Effects() Effects {
	return Effects{Breaks: Process, KillsServer: true, HurtsMailboxes: true}
}

// Inject implements [Fault].
func (KilledAmidReconstruct) Inject(ctx context.Context, scene Scene) (Instance, error) {
	tools, err := hand[target.ToolSaboteur](scene, "tools that are killed at work")
	if err != nil {
		return nil, err
	}
	instance, err := spoilIndexes(ctx, scene, target.IndexSaboteur.TruncateIndex)
	if err != nil {
		return nil, err
	}
	broken := instance.(*harmed)
	m := scene.Mailboxes[0]
	evidence, err := tools.KillAmidReconstruct(ctx, scene.On, m.Account, m.Mailbox)
	if err != nil {
		return nil, err
	}
	report, err := broken.Look(ctx)
	if err != nil {
		return nil, err
	}
	return &standing{
		evidence: broken.evidence.And(evidence), damage: append(onServer(scene, target.ServerDown, "it was killed amid a reconstruct"), report.Damage...),
		live: func(ctx context.Context) (bool, error) {
			isDown, err := down(scene)(ctx)
			if isDown || err != nil {
				return true, err
			}
			report, err := broken.Look(ctx)
			return report.State == Live, err
		},
	}, nil
}
