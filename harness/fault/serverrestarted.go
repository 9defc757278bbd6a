package fault

import (
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// ServerRestarted shuts a server down in order and starts it again: sessions end, and
// what waited in the sync log comes first.
type ServerRestarted struct{}

// Name implements [Fault].
func (ServerRestarted) Name() string { return "server-restarted" }

// Doc implements [Fault].
func (ServerRestarted) Doc() string {
	return "a server is shut down in order and started again; sessions that were open have ended"
}

// Effects implements [Fault].
func (ServerRestarted) Effects() Effects { return Effects{Breaks: Process, NeedsServer: true} }

// Inject implements [Fault].
func (ServerRestarted) Inject(ctx context.Context, scene Scene) (Instance, error) {
	evidence, err := stop(ctx, scene)
	if err != nil {
		return nil, err
	}
	if err := scene.Pair.Operator().Start(ctx, scene.On); err != nil {
		return nil, err
	}
	evidence.Summary = fmt.Sprintf("%s was shut down and started again", scene.On)
	return &standing{evidence: evidence, damage: onServer(scene, target.ServerDown, "it was down until it had started again"), live: down(scene)}, nil
}
