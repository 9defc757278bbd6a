package fault

import (
	"context"
	"fmt"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// defaultJump is by how much a clock jumps where a plan does not say.
const defaultJump = time.Hour

// ClockAhead lets one server's clock jump ahead of the other's.
type ClockAhead struct{}

// Name implements [Fault].
func (ClockAhead) Name() string { return "clock-ahead" }

// Doc implements [Fault].
func (ClockAhead) Doc() string {
	return "one server's clock jumps ahead, `by` so much (1h); sessions that were open may be told that they were idle"
}

// Effects implements [Fault].
func (ClockAhead) Effects() Effects {
	return Effects{Breaks: Clock, NeedsServer: true, NeedsMovingClock: true}
}

// Inject implements [Fault].
func (ClockAhead) Inject(ctx context.Context, scene Scene) (Instance, error) {
	return jump(ctx, scene, jumpBy(scene))
}

// ClockBehind lets one server's clock jump back behind the other's.
type ClockBehind struct{}

// Name implements [Fault].
func (ClockBehind) Name() string { return "clock-behind" }

// Doc implements [Fault].
func (ClockBehind) Doc() string {
	return "one server's clock jumps back, `by` so much (1h): new mail looks older than old"
}

// Effects implements [Fault].
func (ClockBehind) Effects() Effects {
	return Effects{Breaks: Clock, NeedsServer: true, NeedsMovingClock: true}
}

// Inject implements [Fault].
func (ClockBehind) Inject(ctx context.Context, scene Scene) (Instance, error) {
	return jump(ctx, scene, -jumpBy(scene))
}

func jumpBy(scene Scene) time.Duration {
	if scene.By == 0 {
		return defaultJump
	}
	return scene.By
}

func jump(ctx context.Context, scene Scene, by time.Duration) (Instance, error) {
	clocks, err := hand[target.ClockSaboteur](scene, "clocks that can be moved")
	if err != nil {
		return nil, err
	}
	evidence, err := clocks.Jump(ctx, scene.On, by)
	if err != nil {
		return nil, fmt.Errorf("moving the clock of %s: %w", scene.On, err)
	}
	return &standing{
		evidence: evidence, damage: onServer(scene, target.ClockWrong, fmt.Sprintf("it jumped by %s", by)),
		live: func(ctx context.Context) (bool, error) {
			here, err := clocks.Offset(ctx, scene.On)
			if err != nil {
				return false, err
			}
			there, err := clocks.Offset(ctx, scene.On.Other())
			return here != there, err
		},
	}, nil
}
