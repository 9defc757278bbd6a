package fault

import (
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// late is replication that goes on, and too slowly: the damage is by how much the
// replica is behind when it is looked at.
type late struct {
	scene    Scene
	evidence target.Evidence
	lasts    func(context.Context) (bool, error)
}

// Look implements [Instance].
func (l *late) Look(ctx context.Context) (Report, error) {
	report := Report{Evidence: l.evidence, State: Live}
	damage, err := unreplicated(ctx, l.scene)
	if err != nil {
		return Report{}, err
	}
	report.Damage = behind(l.scene, damage)
	lasts, err := l.lasts(ctx)
	if err != nil {
		return Report{}, err
	}
	if !lasts && len(damage) == 0 {
		report.State = Healed
	}
	return report, nil
}

// behind makes of what the replica lacks one damage for each account.
func behind(scene Scene, lacking []Damage) []Damage {
	var damage []Damage
	for _, account := range scene.Accounts {
		count := 0
		for _, d := range lacking {
			if d.Account == account {
				count++
			}
		}
		if count > 0 {
			damage = append(damage, Damage{
				Place: target.Place{Server: scene.On.Other(), Account: account}, Kind: target.ReplicaBehind, How: fmt.Sprintf("by %d changes", count),
			})
		}
	}
	return damage
}
