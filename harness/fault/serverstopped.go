package fault

import (
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// ServerStopped shuts a server down in order, as an administrator does.
type ServerStopped struct{}

// Name implements [Fault].
func (ServerStopped) Name() string { return "server-stopped" }

// Doc implements [Fault].
func (ServerStopped) Doc() string { return "a server is shut down in order" }

// Effects implements [Fault].
func (ServerStopped) Effects() Effects { return Effects{Breaks: Process, KillsServer: true} }

// Inject implements [Fault].
func (ServerStopped) Inject(ctx context.Context, scene Scene) (Instance, error) {
	evidence, err := stop(ctx, scene)
	if err != nil {
		return nil, err
	}
	return &standing{evidence: evidence, damage: onServer(scene, target.ServerDown, "it was shut down"), live: down(scene)}, nil
}

// stop shuts the scene's server down, and tells of its processes before and after.
func stop(ctx context.Context, scene Scene) (target.Evidence, error) {
	host := scene.Pair.Server(scene.On).Host()
	before, err := host.Processes(ctx)
	if err != nil {
		return target.Evidence{}, fmt.Errorf("looking for processes on %s: %w", scene.On, err)
	}
	if err := scene.Pair.Operator().Stop(ctx, scene.On); err != nil {
		return target.Evidence{}, err
	}
	after, err := host.Processes(ctx)
	if err != nil {
		return target.Evidence{}, fmt.Errorf("looking for processes on %s: %w", scene.On, err)
	}
	return target.Evidence{
		Summary: fmt.Sprintf("%s was shut down", scene.On),
		Facts:   []target.Fact{{What: fmt.Sprintf("processes on %s", scene.On), Before: fmt.Sprint(len(before)), After: fmt.Sprint(len(after))}},
	}, nil
}
