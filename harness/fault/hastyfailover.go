package fault

import (
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// HastyFailover promotes a replica that is behind, without a freeze: the master dies
// with mail for each account that was never sent.
type HastyFailover struct{}

// Name implements [Fault].
func (HastyFailover) Name() string { return "hasty-failover" }

// Doc implements [Fault].
func (HastyFailover) Doc() string {
	return "the master dies with `count` messages for each account that were never sent, and the replica is promoted at once, without a freeze"
}

// Effects implements [Fault].
func (HastyFailover) Effects() Effects {
	return Effects{Breaks: BothSides, KillsServer: true, Promotes: true, NeedsReplication: true}
}

// Inject implements [Fault].
func (HastyFailover) Inject(ctx context.Context, scene Scene) (Instance, error) {
	other := scene.On.Other()
	before := scene.Pair.Role(other)
	frozen, err := scene.Pair.Saboteur().Suspend(ctx, scene.On, syncClient)
	if err != nil {
		return nil, fmt.Errorf("freezing sync_client on %s: %w", scene.On, err)
	}
	if err := deliverEach(ctx, scene, max(scene.Count, 1)); err != nil {
		return nil, err
	}
	s := &stopped{scene: scene, frozen: frozen, over: true, failedOver: true, beside: onServer(scene, target.ServerDown, "it was killed")}
	if s.damage, err = unreplicated(ctx, scene); err != nil {
		return nil, err
	}
	killed, err := scene.Pair.Saboteur().KillServer(ctx, scene.On)
	if err != nil {
		return nil, fmt.Errorf("killing %s: %w", scene.On, err)
	}
	if err := scene.Pair.Operator().Promote(ctx, other); err != nil {
		return nil, err
	}
	s.frozen = s.frozen.And(killed).And(target.Evidence{
		Summary: fmt.Sprintf("%s was promoted without %d changes", other, len(s.damage)),
		Facts:   []target.Fact{{What: "role of " + string(other), Before: string(before), After: string(scene.Pair.Role(other))}},
	})
	return s, nil
}
