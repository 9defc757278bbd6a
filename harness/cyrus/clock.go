package cyrus

import (
	"context"
	"sync"
	"time"

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
	errs := make([]error, len(tasks))
	var running sync.WaitGroup
	for i, task := range tasks {
		running.Go(func() {
			if errs[i] = task(ctx); errs[i] != nil {
				cancel()
			}
		})
	}
	running.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
