package monitor

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Receiver takes notices to people.
type Receiver interface {
	// Name is what it is called in metrics and in the log.
	Name() string
	// Tell takes one to them. What there is no use in trying again is a [HopelessError].
	Tell(ctx context.Context, n Notice) error
}

// HopelessError says that a notice is not taken, however often it is tried.
type HopelessError struct{ Err error }

// Error implements error.
func (e *HopelessError) Error() string { return e.Err.Error() }

// Unwrap returns why.
func (e *HopelessError) Unwrap() error { return e.Err }

const (
	mostWaiting  = 100             // notices, for one receiver
	firstBackOff = time.Second     // after the first failure; each next is twice as long
	mostBackOff  = time.Minute     // but no longer than that
	staleAfter   = 1 * time.Hour   // a notice is given up then: what stands is told again
	lastWords    = 5 * time.Second // all that waits at the end
)

// outbox takes notices to one receiver, one after the other, while the rounds go on.
type outbox struct {
	receiver Receiver
	within   time.Duration // of one try
	note     func(outcome, text string)

	mu      sync.Mutex
	waiting []queued
	more    chan struct{} // holds something while anything may wait
}

type queued struct {
	notice Notice
	at     time.Time
}

func newOutbox(receiver Receiver, within time.Duration, note func(outcome, text string)) *outbox {
	return &outbox{receiver: receiver, within: within, note: note, more: make(chan struct{}, 1)}
}

// put never waits. Where too many wait the oldest is dropped.
func (o *outbox) put(n Notice) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.waiting) == mostWaiting {
		o.drop(o.waiting[0].notice, errors.New("too many notices wait"))
		o.waiting = o.waiting[1:]
	}
	o.waiting = append(o.waiting, queued{n, time.Now()})
	select {
	case o.more <- struct{}{}:
	default:
	}
}

func (o *outbox) drop(n Notice, why error) {
	o.note("dropped", fmt.Sprintf("%s was not told: %s: %s", o.receiver.Name(), n.Text, plain(why.Error())))
}

func (o *outbox) take() (queued, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.waiting) == 0 {
		return queued{}, false
	}
	q := o.waiting[0]
	o.waiting = o.waiting[1:]
	return q, true
}

// run goes on until the context ends, and then tries what still waits once, for a moment.
func (o *outbox) run(ctx context.Context) {
	hard, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(lastWords, cancel) })
	defer stop()
	for {
		q, any := o.take()
		switch {
		case any:
			o.deliver(ctx, hard, q)
		case ctx.Err() != nil:
			return
		default:
			select {
			case <-o.more:
			case <-ctx.Done():
			}
		}
	}
}

// deliver tries until it is told, or there is no use in trying.
func (o *outbox) deliver(ctx, hard context.Context, q queued) {
	for pause := firstBackOff; ; pause = min(2*pause, mostBackOff) {
		err := o.try(hard, q.notice)
		var hopeless *HopelessError
		switch {
		case err == nil:
			o.note("sent", "")
			return
		case errors.As(err, &hopeless), ctx.Err() != nil, time.Since(q.at)+pause > staleAfter:
			o.drop(q.notice, err)
			return
		}
		o.note("failed", fmt.Sprintf("%s could not be told, and is again in %s: %s", o.receiver.Name(), pause, plain(err.Error())))
		select {
		case <-time.After(pause):
		case <-ctx.Done(): // it is tried once more
		}
	}
}

func (o *outbox) try(hard context.Context, n Notice) error {
	ctx, cancel := context.WithTimeout(hard, o.within)
	defer cancel()
	err := o.receiver.Tell(ctx, n)
	if err != nil && ctx.Err() != nil && hard.Err() == nil {
		return fmt.Errorf("it took longer than %s", o.within)
	}
	return err
}
