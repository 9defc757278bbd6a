package fault

import (
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// ProcessKilled ends all processes of a server at once, as a dead motherboard
// does, except that what the kernel had been given stays on the disk.
type ProcessKilled struct{}

// Name implements [Fault].
func (ProcessKilled) Name() string { return "process-killed" }

// Doc implements [Fault].
func (ProcessKilled) Doc() string {
	return "all of a server's processes die at once (SIGKILL); its disk keeps what the kernel had been given"
}

// Effects implements [Fault].
func (ProcessKilled) Effects() Effects { return Effects{Breaks: Process, KillsServer: true} }

// Inject implements [Fault].
func (ProcessKilled) Inject(ctx context.Context, scene Scene) (Instance, error) {
	evidence, err := scene.Pair.Saboteur().KillServer(ctx, scene.On)
	if err != nil {
		return nil, fmt.Errorf("killing %s: %w", scene.On, err)
	}
	return &killed{scene: scene, evidence: evidence}, nil
}

type killed struct {
	scene    Scene
	evidence target.Evidence
}

// Look implements [Instance]. The damage is that nobody is there; it is healed
// when processes are.
func (k *killed) Look(ctx context.Context) (Report, error) {
	processes, err := k.scene.Pair.Server(k.scene.On).Host().Processes(ctx)
	if err != nil {
		return Report{}, fmt.Errorf("looking for processes on %s: %w", k.scene.On, err)
	}
	report := Report{Evidence: k.evidence, State: Live, Damage: onServer(k.scene, target.ServerDown, "all its processes were killed")}
	if len(processes) > 0 {
		report.State = Healed
	}
	return report, nil
}
