package estimate

import (
	"math"
	"slices"
	"time"
)

// Rate is measured as work is done.
type Rate struct {
	total, done Work
	samples     []sample // in the order in which they ended
	from        int      // the first that counts
	started     time.Time
	atWork      []*Piece // in the order in which they began
	fitted      fitted   // to so many samples
	fittedTo    int
	shown       Cost // by so many samples before the window
	shownTo     int
	idle        float64 // by how much all takes longer than if everybody worked all the time
}

// sample is a piece of work that was done.
type sample struct {
	work         Work
	began, ended time.Time
}

func (s sample) seconds() float64 { return max(0, s.ended.Sub(s.began).Seconds()) }

// Piece is a piece of work that somebody is at.
type Piece struct {
	work  Work
	began time.Time
}

const (
	// window is the part of all work that the rate is measured over: half of the
	// tenth after which an estimate must have followed a change.
	window = 0.05
	// fewest is from how many pieces on a rate is told at all.
	fewest = 4
)

// NewRate begins to measure: so much is to be done.
func NewRate(total Work, now time.Time) *Rate { return &Rate{total: total, started: now} }

// Begin notes that somebody begins with a piece of work. Several may be at work side
// by side.
func (r *Rate) Begin(w Work, now time.Time) *Piece {
	p := &Piece{w, now}
	r.atWork = append(r.atWork, p)
	return p
}

// Drop notes that a piece was not done after all.
func (r *Rate) Drop(p *Piece) {
	r.atWork = slices.DeleteFunc(r.atWork, func(other *Piece) bool { return other == p })
}

// End notes that a piece was done.
func (r *Rate) End(p *Piece, now time.Time) {
	r.Drop(p)
	r.done = r.done.Plus(p.work)
	r.samples = append(r.samples, sample{p.work, p.began, now})
	shares := 0.0
	for i := len(r.samples) - 1; i >= r.from; i-- {
		if shares += r.share(r.samples[i].work); shares > window && len(r.samples)-i > fewest {
			r.from = i
			break
		}
	}
}

// Skip notes work that turned out to be done already.
func (r *Rate) Skip(w Work) { r.total = r.total.Minus(w) }

// Add notes work that there is besides what was known of.
func (r *Rate) Add(w Work) { r.total = r.total.Plus(w) }

// Done returns the work that is done, Total what there is in all.
func (r *Rate) Done() Work  { return r.done }
func (r *Rate) Total() Work { return r.total }

// share is how much of all work this is.
func (r *Rate) share(w Work) float64 {
	share, of := 0.0, 0.0
	if r.total.Messages > 0 {
		share, of = share+float64(w.Messages)/float64(r.total.Messages), of+1
	}
	if r.total.Bytes > 0 {
		share, of = share+float64(w.Bytes)/float64(r.total.Bytes), of+1
	}
	if of == 0 {
		return 0
	}
	return share / of
}

// Share is how much of all work is done, from 0 to 1.
func (r *Rate) Share() float64 { return r.share(r.done) }

// Cost is what work costs at the moment whoever does it.
func (r *Rate) Cost() Cost {
	if len(r.samples) < fewest {
		return Assumed()
	}
	return r.fit().cost
}

// Remaining estimates the time until all is done, if as many work side by side as did.
func (r *Rate) Remaining(now time.Time) Remaining {
	left := r.total.Minus(r.done)
	if known, told := r.tellable(left); !told {
		return known
	}
	fitted := r.fit()
	worked := 0.0 // on pieces that are not done yet
	for _, p := range r.atWork {
		worked += p.worked(fitted.cost, now)
	}
	side := r.sideBySide(now)
	return between(side*max(0, fitted.cost.Of(left)-worked), side*fitted.errorOf(left))
}

// tellable says whether there is enough to tell from, and otherwise what is told.
func (r *Rate) tellable(left Work) (Remaining, bool) {
	if left == (Work{}) {
		return Remaining{Known: true}, false
	}
	return Remaining{}, len(r.samples) >= fewest
}

// worked is how many of the seconds that a piece takes have passed.
func (p *Piece) worked(cost Cost, now time.Time) float64 {
	return min(max(0, now.Sub(p.began).Seconds()), cost.Of(p.work))
}

// between is an estimate with its interval: twice the standard error, and what any rate
// may change by in so long a time.
func between(seconds, standardError float64) Remaining {
	off := 2*standardError + 0.05*seconds
	return Remaining{Known: true, Time: span(seconds), Least: span(seconds - off), Most: span(seconds + off)}
}

func span(seconds float64) time.Duration {
	return time.Duration(math.Min(max(0, seconds), 1e9) * float64(time.Second))
}

// sideBySide is how much time passes for a second of work: less than one where
// several work side by side, more where nobody worked in between.
func (r *Rate) sideBySide(now time.Time) float64 {
	since := r.started
	if r.from > 0 {
		since = r.samples[r.from-1].ended
	}
	worked := 0.0
	within := func(began, ended time.Time) {
		if began.Before(since) {
			began = since
		}
		worked += max(0, ended.Sub(began).Seconds())
	}
	for _, s := range r.samples[r.from:] {
		within(s.began, s.ended)
	}
	for _, p := range r.atWork {
		within(p.began, now)
	}
	passed := now.Sub(since).Seconds()
	if worked <= 0 || passed <= 0 {
		return 1
	}
	return passed / worked
}
