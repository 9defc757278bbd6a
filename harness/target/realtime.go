package target

import (
	"context"
	"sync"
	"time"
)

// RealTime is the clock and the executor of real servers.
type RealTime struct{}

var (
	_ Clock    = RealTime{}
	_ Executor = RealTime{}
)

// Now implements [Clock].
func (RealTime) Now() time.Time { return time.Now() }

// Sleep implements [Clock].
func (RealTime) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// Run implements [Executor]: each task has a goroutine.
func (RealTime) Run(ctx context.Context, tasks ...func(context.Context) error) error {
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
