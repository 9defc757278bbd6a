// Package realtime is the clock and the executor of real servers. It lies apart from
// package target because the simulator, which uses that, must know neither.
package realtime

import (
	"context"
	"sync"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Time is that clock, and that executor: each task has a goroutine.
type Time struct{}

var (
	_ target.Clock    = Time{}
	_ target.Executor = Time{}
)

// Now implements [target.Clock].
func (Time) Now() time.Time { return time.Now() }

// Sleep implements [target.Clock].
func (Time) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// Run implements [target.Executor].
func (Time) Run(ctx context.Context, tasks ...func(context.Context) error) error {
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
