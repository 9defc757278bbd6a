package cyrus

import (
	"context"
	"fmt"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

var _ target.ClockSaboteur = saboteur{}

// Jump implements [target.ClockSaboteur].
func (b saboteur) Jump(ctx context.Context, name target.ServerName, d time.Duration) (target.Evidence, error) {
	if !b.pair.moving {
		return target.Evidence{}, &target.UnsupportedError{Target: "a pair made without it", What: "clocks that can be moved"}
	}
	s := b.pair.server(name)
	before := s.clockOffset()
	if err := s.setClock(ctx, before+d); err != nil {
		return target.Evidence{}, fmt.Errorf("moving the clock of %s by %s: %w", name, d, err)
	}
	return target.Evidence{
		Summary: fmt.Sprintf("the clock of %s jumped by %s", name, d),
		Facts:   []target.Fact{{What: "clock of " + string(name) + ", against real time", Before: before.String(), After: (before + d).String()}},
	}, nil
}

// Offset implements [target.ClockSaboteur].
func (b saboteur) Offset(_ context.Context, name target.ServerName) (time.Duration, error) {
	return b.pair.server(name).clockOffset(), nil
}
