package target

import (
	"context"
	"fmt"
	"time"
)

// Clock is the target's time: virtual on the simulator.
type Clock interface {
	Now() time.Time
	// Sleep lets d pass and returns nil, or returns the context's error as
	// soon as that is done.
	Sleep(ctx context.Context, d time.Duration) error
}

// VirtualClock is a clock whose time passes only while somebody sleeps.
type VirtualClock interface {
	Clock
	Virtual()
}

// Within bounds a wait for an answer, in real time. Where time is virtual no answer
// is ever waited for in real time: there the target itself has clients give up,
// and how quick the machine is must not matter.
func Within(ctx context.Context, clock Clock, d time.Duration) (context.Context, context.CancelFunc) {
	if _, virtual := clock.(VirtualClock); virtual {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, d)
}

// Executor runs tasks side by side: goroutines on real servers, cooperative
// and in seeded order on the simulator, where a task gives way when it sleeps
// or waits for a server.
type Executor interface {
	// Run runs the tasks and returns when all have ended, with the error that came
	// first. It cancels the context of the others, whose errors may be of its making.
	Run(ctx context.Context, tasks ...func(ctx context.Context) error) error
}

// TimeoutError says that a condition did not come about in time.
type TimeoutError struct {
	What   string        // what was waited for
	Within time.Duration // how long, on the target's clock
	Last   string        // what was seen last; may be empty
}

func (e *TimeoutError) Error() string {
	if e.Last == "" {
		return fmt.Sprintf("%s: not within %s", e.What, e.Within)
	}
	return fmt.Sprintf("%s: not within %s (last seen: %s)", e.What, e.Within, e.Last)
}

// WaitUntil asks condition again and again until it holds, with pauses that
// grow from 10 ms to 50 ms of the target's time, and gives up with a
// [TimeoutError] after within. The condition says what it saw for the error's
// sake; an error from it ends the wait.
func WaitUntil(ctx context.Context, clock Clock, within time.Duration, what string,
	condition func(context.Context) (holds bool, seen string, err error),
) error {
	start := clock.Now()
	for pause := 10 * time.Millisecond; ; pause = min(pause*5/4, 50*time.Millisecond) {
		holds, seen, err := condition(ctx)
		if err != nil {
			return fmt.Errorf("waiting for %s: %w", what, err)
		}
		if holds {
			return nil
		}
		if clock.Now().Sub(start) >= within {
			return &TimeoutError{What: what, Within: within, Last: seen}
		}
		if err := clock.Sleep(ctx, pause); err != nil {
			return fmt.Errorf("waiting for %s (last seen: %s): %w", what, seen, err)
		}
	}
}
