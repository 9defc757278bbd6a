package sim

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// How long things take. Medians of what was seen on real servers, cut to what
// a drill can tell apart; see docs/cyrus.md.
const (
	startTime      = 400 * time.Millisecond // from start to greeting
	readyTime      = 2 * time.Second        // from nothing to a pair that replicates
	connectTime    = 3 * time.Millisecond
	readTime       = 2 * time.Millisecond
	appendTime     = 4 * time.Millisecond
	deliverTime    = 5 * time.Millisecond
	storeTime      = 3 * time.Millisecond
	copyTime       = 5 * time.Millisecond
	expungeTime    = 4 * time.Millisecond
	mailboxTime    = 8 * time.Millisecond // to create, rename, delete or share one
	subscribeTime  = 2 * time.Millisecond
	annotationTime = 3 * time.Millisecond
	scriptTime     = 8 * time.Millisecond
	execTime       = 70 * time.Millisecond // a look at the host
	toolTime       = 90 * time.Millisecond // one of Cyrus's tools
)

// world is a pair's time and chance: a virtual clock, what is due, and the
// tasks at work. Nothing in it runs by itself: time passes while somebody
// sleeps.
type world struct {
	now     time.Time
	rand    *rand.Rand
	due     events
	trace   []traced
	said    []byte   // the texts of the trace, one behind the other
	atOnce  int      // events that have happened at this very moment
	acts    int      // of whoever works with the pair: each begins with a wait
	asleep  []func() // what goes on with the next of them
	runaway error
	// yield gives the task at work back to whoever runs it, until the given
	// time; nil outside of tasks.
	yield func(until time.Time)
}

var (
	_ target.VirtualClock = (*world)(nil)
	_ target.Executor     = (*world)(nil)
)

func newWorld(chance *rand.Rand) *world { return &world{now: Epoch, rand: chance} }

// Now implements [target.Clock].
func (w *world) Now() time.Time { return w.now }

// Virtual implements [target.VirtualClock].
func (*world) Virtual() {}

// Sleep implements [target.Clock]: other tasks run, and what becomes due
// happens.
func (w *world) Sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w.acts++
	for _, wake := range w.asleep {
		wake()
	}
	w.asleep = nil
	w.sleepUntil(w.now.Add(d))
	if w.runaway != nil {
		return w.runaway
	}
	return ctx.Err()
}

// takes lets about d pass, as something does that takes that long: between
// three quarters and five quarters of it.
func (w *world) takes(ctx context.Context, d time.Duration) error {
	return w.Sleep(ctx, d*3/4+time.Duration(w.rand.Int64N(int64(d/2))))
}

func (w *world) sleepUntil(t time.Time) {
	if w.yield != nil {
		w.yield(t)
		return
	}
	w.advance(t)
}

// advance moves the clock to t and lets everything happen that is due by then.
func (w *world) advance(t time.Time) {
	began := w.now
	for happened := 1; w.runaway == nil && len(w.due) > 0 && !w.due.next().at.After(t); happened++ {
		next := w.due.take()
		if next.at.After(w.now) {
			w.now, w.atOnce = next.at, 0
		}
		if w.atOnce++; w.atOnce > mostAtOnce || len(w.due) > mostDue || happened > mostInOneWait {
			w.runAway(next, happened, began)
			return
		}
		next.happen()
	}
	if t.After(w.now) {
		w.now = t
	}
}

// What a pair's few processes wait for is a handful, and each waits a while; and none goes
// on for ever while nobody does anything to the pair. A model in which more is due than
// this, or happens at one moment or in one wait, would never come to rest, or not within
// anybody's patience, and no deadline in real time would end it.
const (
	mostDue       = 1000
	mostAtOnce    = 1000
	mostInOneWait = 100_000
)

// runAway ends all that would still happen: from now on every wait is an error, which
// says what kept the model running.
func (w *world) runAway(last event, happened int, since time.Time) {
	said := "nothing"
	if lines := w.Trace(); len(lines) > 0 {
		said = lines[len(lines)-1]
	}
	w.runaway = fmt.Errorf("the simulated pair does not come to rest: at %s %d things have happened at once, %d within the %s that somebody waited, and %d more are due, the last %s; it said last: %s",
		w.now.Format("15:04:05.000000"), w.atOnce, happened, w.now.Sub(since), len(w.due), last.what, said)
	w.dropEvents()
}

// onAct lets something go on once somebody does anything to the pair: until then nothing
// can have changed but by what is due.
func (w *world) onAct(wake func()) { w.asleep = append(w.asleep, wake) }

// after lets something happen once d has passed.
func (w *world) after(d time.Duration, what string, happen func()) {
	w.due.put(event{at: w.now.Add(d), what: what, happen: happen})
}

func (w *world) dropEvents() { w.due, w.asleep = nil, nil }

// traced is one thing that happened. When is written down for who asks.
type traced struct {
	at  time.Time
	end int // of its text, among those of all
}

// whenTraced is how a line begins.
const whenTraced = "15:04:05.000000 "

// tracef notes one thing that happened.
func (w *world) tracef(format string, args ...any) {
	w.said = fmt.Appendf(w.said, format, args...)
	w.trace = append(w.trace, traced{w.now, len(w.said)})
}

// Trace returns everything that has happened to the pair, one line each.
func (w *world) Trace() []string {
	lines, from := make([]string, len(w.trace)), 0
	for i, t := range w.trace {
		lines[i] = t.at.Format(whenTraced) + string(w.said[from:t.end])
		from = t.end
	}
	return lines
}

type event struct {
	at     time.Time
	what   string // who it is that goes on then
	happen func()
}

// events are in order of time, the next one last; of those that are due at once, the one
// that was made first is next. They are a handful.
type events []event

func (e events) next() *event { return &e[len(e)-1] }

func (e *events) take() event {
	last := len(*e) - 1
	next := (*e)[last]
	(*e)[last] = event{}
	*e = (*e)[:last]
	return next
}

func (e *events) put(made event) {
	at := len(*e)
	for at > 0 && !made.at.Before((*e)[at-1].at) {
		at--
	}
	*e = slices.Insert(*e, at, made)
}
