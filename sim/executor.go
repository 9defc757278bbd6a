package sim

import (
	"context"
	"iter"
	"time"
)

// task is one of the tasks of a Run: a coroutine that hands over when it
// sleeps.
type task struct {
	wake   time.Time
	resume func() (until time.Time, alive bool)
	yield  func(until time.Time) // nil until the task has begun
	err    error
}

// Run implements [target.Executor]: one task runs at a time, and another one
// takes over where it sleeps or waits for a server. Which of several that could
// go on does so is drawn from the seed. Tasks may call Run themselves.
func (w *world) Run(ctx context.Context, work ...func(ctx context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	alive := make([]*task, len(work))
	for i, each := range work {
		alive[i] = w.newTask(ctx, each)
	}
	var first error // the others may be of its making: all end with ctx
	for len(alive) > 0 {
		i := w.chooseNext(alive, ctx.Err() != nil)
		w.sleepUntil(alive[i].wake)
		if until, more := w.step(alive[i]); more {
			alive[i].wake = until
			continue
		}
		if err := alive[i].err; err != nil {
			if first == nil {
				first = err
			}
			cancel()
		}
		alive = append(alive[:i], alive[i+1:]...)
	}
	return first
}

func (w *world) newTask(ctx context.Context, work func(context.Context) error) *task {
	t := &task{wake: w.now}
	t.resume, _ = iter.Pull(func(yield func(time.Time) bool) {
		t.yield = func(until time.Time) { yield(until) }
		w.yield = t.yield
		growStack(0)
		t.err = work(ctx)
	})
	return t
}

// usualStack is what most tasks need of a stack.
const usualStack = 6 << 10

// growStack makes the stack of a task as large as that before anything is on it. It would
// grow in steps otherwise, and with each of them all that is on it be copied and set right.
//
//go:noinline
func growStack(from int) byte {
	var room [usualStack]byte
	return room[from] // which the compiler does not know, so that there is room to be made
}

// step lets a task go on until it sleeps or ends. While it runs, its own yield
// is the world's.
func (w *world) step(t *task) (until time.Time, alive bool) {
	outer := w.yield
	defer func() { w.yield = outer }()
	if t.yield != nil {
		w.yield = t.yield
	}
	return t.resume()
}

// chooseNext returns the task that wakes first, by chance among those that wake
// at once. Once their context is done, nobody sleeps on.
func (w *world) chooseNext(alive []*task, hurry bool) int {
	chosen, ties := 0, 0
	for i, t := range alive {
		if hurry && t.wake.After(w.now) {
			t.wake = w.now
		}
		switch first := alive[chosen].wake; {
		case i == 0, t.wake.Before(first):
			chosen, ties = i, 1
		case t.wake.Equal(first):
			if ties++; w.rand.IntN(ties) == 0 {
				chosen = i
			}
		}
	}
	return chosen
}
