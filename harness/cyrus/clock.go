package cyrus

import (
	"context"
	"fmt"
	"time"

	"github.com/cyrdrill/cyrdrill/docker"
	"github.com/cyrdrill/cyrdrill/harness/realtime"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// realTime is the clock and the executor of real servers.
type realTime = realtime.Time

// movedClock is the clock of whoever looks at a pair: real time, and what was let pass
// on both servers at once. That the clock of one of them jumps is what it can show.
type movedClock struct {
	realTime
	pair *Pair
}

// Now implements [target.Clock].
func (c movedClock) Now() time.Time {
	c.pair.mu.Lock()
	defer c.pair.mu.Unlock()
	return time.Now().Add(c.pair.advanced)
}

func (s *server) clockOffset() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.offset
}

var _ target.ClockMover = (*Pair)(nil)

// Advance implements [target.ClockMover]. Only Cyrus's clock moves: what else
// runs in the containers, and files, keep real time.
func (p *Pair) Advance(ctx context.Context, d time.Duration) error {
	if !p.moving {
		return &target.SetupError{Problem: "this pair's clocks cannot be moved", Mend: "let the drill make a pair of its own"}
	}
	if err := p.both(ctx, func(ctx context.Context, s *server) error { return s.setClock(ctx, s.clockOffset()+d) }); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.advanced += d
	return nil
}

// setClock makes the server's clock differ from real time by so much, also where
// it is down.
func (s *server) setClock(ctx context.Context, offset time.Duration) error {
	e := s.pair.engine
	text := fmt.Sprintf("%+d\n", int64(offset/time.Second))
	if err := e.write(ctx, s.id, file{path: docker.FaketimeFile, mode: 0o644, content: []byte(text)}); err != nil {
		return fmt.Errorf("moving the clock of %s by %s: %w", s.name, offset, err)
	}
	running, err := s.running(ctx)
	if err == nil && running {
		const renew = `cp "$1" "$2.new" && mv "$2.new" "$2"` // at once, so that nobody reads half of it
		_, err = e.exec(ctx, s.id, "", "sh", "-c", renew, "renew", docker.FaketimeFile, docker.LiveFaketimeFile)
	}
	if err != nil {
		return fmt.Errorf("moving the clock of %s by %s: %w", s.name, offset, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offset = offset
	return nil
}
