package restore

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/restore/estimate"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// pace is how hard the serving server is worked. It is given more accounts at once
// as long as its answers come as they are used to, and fewer where they come late or
// not at all.
type pace struct {
	clock   target.Clock
	maxRate int64 // bytes a second; 0: no limit

	mu     sync.Mutex
	most   float64 // accounts at once
	limit  float64 // of them, at the moment
	atWork int
	usual  float64   // how an answer's time stands to what is assumed of its work, as a rule
	paid   time.Time // until then the bytes that were sent last
	slowed int       // how often the limit was lowered
}

func newPace(clock target.Clock, most int, maxRate int64) *pace {
	return &pace{clock: clock, maxRate: maxRate, most: float64(most), limit: float64(most)}
}

const (
	// aCommand is about how many seconds a command takes, whatever it is about.
	aCommand = 0.01
	// late is how many times its usual time an answer takes from a server that
	// struggles.
	late = 4
	// pause is how long a worker waits that has to wait for others.
	pause = 50 * time.Millisecond
)

// enter waits until another account may be worked on.
func (p *pace) enter(ctx context.Context) error {
	for !p.admit() {
		if err := p.clock.Sleep(ctx, pause); err != nil {
			return err
		}
	}
	return nil
}

func (p *pace) admit() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if float64(p.atWork) >= max(1, p.limit) {
		return false
	}
	p.atWork++
	return true
}

func (p *pace) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.atWork--
}

// answered notes how long the server took for a piece of work. It is held against what
// such work takes as a rule, and not against what it has taken of late: a server that
// struggles for long struggles still.
func (p *pace) answered(took time.Duration, w estimate.Work) {
	p.mu.Lock()
	defer p.mu.Unlock()
	ratio := took.Seconds() / (aCommand + estimate.Assumed().Of(w))
	switch {
	case p.usual == 0:
		p.usual = ratio
	case ratio > late*p.usual:
		p.lower()
		p.usual *= 1.02 // what stays is what is usual, some day
	default:
		p.usual += (ratio - p.usual) / 8
		p.limit = min(p.most, p.limit+1/(8*max(1, p.limit)))
	}
}

// struggled notes that the server gave no answer, or one that says later.
func (p *pace) struggled() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lower()
}

func (p *pace) lower() {
	if p.limit > 1 {
		p.slowed++
	}
	p.limit = max(1, p.limit/2)
}

// pay waits until so many bytes may have been sent, at the rate that is allowed.
func (p *pace) pay(ctx context.Context, w estimate.Work, since time.Time) error {
	if p.maxRate <= 0 || w.Bytes == 0 {
		return nil
	}
	p.mu.Lock()
	if p.paid.Before(since) {
		p.paid = since
	}
	p.paid = p.paid.Add(time.Duration(float64(w.Bytes) / float64(p.maxRate) * float64(time.Second)))
	wait := p.paid.Sub(p.clock.Now())
	p.mu.Unlock()
	if wait <= 0 {
		return nil
	}
	return p.clock.Sleep(ctx, wait)
}

const (
	// tries is how often what a server did not answer is tried again.
	tries = 10
	// firstWait is how long the first time is waited, twice as long each time after.
	firstWait   = 100 * time.Millisecond
	longestWait = 15 * time.Second
)

// backOff waits before the next try.
func (p *pace) backOff(ctx context.Context, try int) error {
	p.struggled()
	return p.clock.Sleep(ctx, min(longestWait, firstWait<<try))
}

// passing says whether an error may be over when it is tried again: nobody was there,
// no answer came, or the server said so.
func passing(err error) bool {
	var journal *journalError
	var unsound *unsoundError
	if errors.As(err, &journal) || errors.As(err, &unsound) {
		return false
	}
	var refused *target.RefusedError
	if errors.As(err, &refused) {
		switch refused.Code {
		case "UNAVAILABLE", "INUSE", "LIMIT":
			return true
		}
		return refused.Status == "BYE"
	}
	var unsupported *target.UnsupportedError
	return !errors.As(err, &unsupported)
}

// journalError says that the journal takes no more, so that nothing may be done.
type journalError struct{ err error }

func (e *journalError) Error() string { return e.err.Error() }
func (e *journalError) Unwrap() error { return e.err }
