package fault

import (
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// ServerHung freezes a whole server: connections are accepted for it by the
// kernel, and nobody answers.
type ServerHung struct{}

// Name implements [Fault].
func (ServerHung) Name() string { return "server-hung" }

// Doc implements [Fault].
func (ServerHung) Doc() string {
	return "all of a server's processes are frozen at once: connections are accepted, and nobody answers"
}

// Effects implements [Fault].
func (ServerHung) Effects() Effects { return Effects{Breaks: Process} }

// Inject implements [Fault].
func (ServerHung) Inject(ctx context.Context, scene Scene) (Instance, error) {
	hand, ok := scene.Pair.Saboteur().(target.ServerHanger)
	if !ok {
		return nil, notOnThisTarget("a server that hangs")
	}
	evidence, err := hand.Hang(ctx, scene.On)
	if err != nil {
		return nil, fmt.Errorf("hanging %s: %w", scene.On, err)
	}
	return &hung{scene: scene, evidence: evidence}, nil
}

type hung struct {
	scene    Scene
	evidence target.Evidence
}

// Look implements [Instance]. It is healed when a process runs again.
func (h *hung) Look(ctx context.Context) (Report, error) {
	processes, err := h.scene.Pair.Server(h.scene.On).Host().Processes(ctx)
	if err != nil {
		return Report{}, fmt.Errorf("looking for processes on %s: %w", h.scene.On, err)
	}
	report := Report{
		Evidence: h.evidence, State: Live,
		Damage: []Damage{{Place: target.Place{Server: h.scene.On}, Kind: target.ServerHung, How: "all its processes were frozen"}},
	}
	for _, p := range processes {
		if p.State == target.ProcessRunning {
			report.State = Healed
		}
	}
	return report, nil
}
