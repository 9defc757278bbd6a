package fault

import (
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// PowerLost cuts the power of a server: what its disk had not been made to keep is
// gone. Real pairs cannot do it.
type PowerLost struct{}

// Name implements [Fault].
func (PowerLost) Name() string { return "power-lost" }

// Doc implements [Fault].
func (PowerLost) Doc() string {
	return "a server's power is cut, and its disk forgets what it had not been made to keep (fsync); not on docker"
}

// Effects implements [Fault].
func (PowerLost) Effects() Effects { return Effects{Breaks: Disk, KillsServer: true, NeedsModel: true} }

// Inject implements [Fault].
func (PowerLost) Inject(ctx context.Context, scene Scene) (Instance, error) {
	power, err := hand[target.PowerSaboteur](scene, "power that is cut")
	if err != nil {
		return nil, err
	}
	evidence, err := power.CutPower(ctx, scene.On)
	if err != nil {
		return nil, fmt.Errorf("cutting the power of %s: %w", scene.On, err)
	}
	return &standing{evidence: evidence, damage: onServer(scene, target.ServerDown, "its power was cut"), live: down(scene)}, nil
}
