package cyrus

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/cyrdrill/cyrdrill/docker"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// realTime is the clock and the executor of real servers.
type realTime struct{}

var (
	_ target.Clock    = realTime{}
	_ target.Executor = realTime{}
)

// Now implements [target.Clock].
func (realTime) Now() time.Time { return time.Now() }

// Sleep implements [target.Clock].
func (realTime) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// Run implements [target.Executor]: each task has a goroutine.
func (realTime) Run(ctx context.Context, tasks ...func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var first error // the others may be of its making: all end with ctx
	var failed sync.Once
	var running sync.WaitGroup
	for _, task := range tasks {
		running.Go(func() {
			if err := task(ctx); err != nil {
				failed.Do(func() { first = err })
				cancel()
			}
		})
	}
	running.Wait()
	return first
}

// movedClock is the clock that the pair's servers have: real time, and what was
// added to it.
type movedClock struct {
	realTime
	pair *Pair
}

// Now implements [target.Clock].
func (c movedClock) Now() time.Time {
	c.pair.mu.Lock()
	defer c.pair.mu.Unlock()
	return time.Now().Add(c.pair.offset)
}

var _ target.ClockMover = (*Pair)(nil)

// Advance implements [target.ClockMover]. Only Cyrus's clock moves: what else
// runs in the containers, and files, keep real time.
func (p *Pair) Advance(ctx context.Context, d time.Duration) error {
	if !p.moving {
		return &target.SetupError{Problem: "this pair's clocks cannot be moved", Mend: "let the drill make a pair of its own"}
	}
	p.mu.Lock()
	offset := p.offset + d
	p.mu.Unlock()
	return p.setClock(ctx, offset)
}

// setClock makes both servers' clocks differ from real time by so much, also
// that of a server that is down.
func (p *Pair) setClock(ctx context.Context, offset time.Duration) error {
	text := fmt.Sprintf("%+d\n", int64(offset/time.Second))
	err := p.both(ctx, func(ctx context.Context, s *server) error {
		if err := p.engine.write(ctx, s.id, file{path: docker.FaketimeFile, mode: 0o644, content: []byte(text)}); err != nil {
			return err
		}
		running, err := s.running(ctx)
		if err != nil || !running {
			return err
		}
		const renew = `cp "$1" "$2.new" && mv "$2.new" "$2"` // at once, so that nobody reads half of it
		_, err = p.engine.exec(ctx, s.id, "", "sh", "-c", renew, "renew", docker.FaketimeFile, docker.LiveFaketimeFile)
		return err
	})
	if err != nil {
		return fmt.Errorf("moving the clocks by %s: %w", offset, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.offset = offset
	return nil
}
