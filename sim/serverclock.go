package sim

import (
	"context"
	"fmt"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

var _ target.ClockSaboteur = saboteur{}

// clock is the server's own time, by which it dates what it writes.
func (s *server) clock() time.Time { return s.pair.now.Add(s.offset) }

// Jump implements [target.ClockSaboteur].
func (b saboteur) Jump(ctx context.Context, name target.ServerName, d time.Duration) (target.Evidence, error) {
	if err := b.pair.takes(ctx, execTime); err != nil {
		return target.Evidence{}, err
	}
	s := b.pair.server(name)
	before := s.offset
	s.offset += d
	if s.client != nil {
		s.client.used = s.client.used.Add(-max(d, 0)) // so long ago, as the process sees it
	}
	b.pair.tracef("the clock of %s jumped by %s", name, d)
	return target.Evidence{
		Summary: fmt.Sprintf("the clock of %s jumped by %s", name, d),
		Facts:   []target.Fact{{What: "clock of " + string(name) + ", against real time", Before: before.String(), After: s.offset.String()}},
	}, nil
}
