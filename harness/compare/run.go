package compare

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/document"
	"github.com/cyrdrill/cyrdrill/harness/field"
	"github.com/cyrdrill/cyrdrill/harness/realtime"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Options say what is compared, and how fast.
type Options struct {
	// Accounts are those to be compared; none: those of the configuration.
	Accounts []string
	Level    Level
	// Pause lets the servers rest after each few accounts. MaxRate bounds how many
	// accounts are compared a second; 0: nothing does.
	Pause   time.Duration
	MaxRate float64
	// Journal keeps what came of each account, and knows of those that were compared
	// before; nil: nothing is kept.
	Journal *Journal
	// Each is told of each account that is compared now, in order. It may be nil.
	Each func(Account) error
	// Observe is told how far it has come. It may be nil.
	Observe func(Progress)
}

// Progress is how far a comparison has come.
type Progress struct {
	Done, All          int // accounts, those of before included
	Now                int // of those done: in this run
	Different, Unknown int
	Took               time.Duration // this run, until now
}

// Rate is how many accounts are compared a second.
func (p Progress) Rate() float64 {
	if p.Took <= 0 {
		return 0
	}
	return float64(p.Now) / p.Took.Seconds()
}

// Left is how long it will take if it goes on like this; 0: nobody knows.
func (p Progress) Left() time.Duration {
	if p.Rate() == 0 {
		return 0
	}
	return time.Duration(float64(p.All-p.Done) / p.Rate() * float64(time.Second))
}

// atATime is how many accounts are looked at before what came of them is kept. Each
// detector looks at a few of them side by side.
const atATime = 16

// Run compares a pair's accounts. It returns when all are done, with the summary of all,
// those of before included; or with a [VanishedError] or the context's error, and then
// the summary is of what was done.
func Run(ctx context.Context, pair *field.Pair, options Options) (Summary, error) {
	r := run{Options: options, pair: pair, began: time.Now()}
	r.summary = Summary{
		Config: pair.Config.File, Servers: map[target.Role]target.ServerName{}, Begun: r.began, LeftOut: options.Level.LeftOut,
	}
	for _, s := range pair.Servers {
		r.summary.Servers[s.Role()] = s.Name()
	}
	for _, d := range options.Level.Detectors {
		r.summary.Detectors = append(r.summary.Detectors, d.Name())
	}
	accounts, err := r.accounts(ctx)
	if err == nil {
		err = CheckNames(ctx, pair, accounts)
	}
	if err != nil {
		return r.summary, err
	}
	err = r.all(ctx, accounts)
	r.summary.Ended = time.Now()
	r.summary.conclude()
	if err == nil && r.Journal != nil {
		err = r.Journal.finish(r.summary.Ended)
	}
	return r.summary, err
}

type run struct {
	Options
	pair    *field.Pair
	began   time.Time
	summary Summary
}

// accounts returns the names of those to be compared, of before included. One that was
// asked for and that nobody has is a slip.
func (r *run) accounts(ctx context.Context) ([]string, error) {
	if len(r.Accounts) == 0 {
		return r.pair.Accounts(ctx)
	}
	var known []string
	for _, s := range r.pair.Servers {
		names, err := s.User().Accounts(ctx)
		if err != nil {
			return nil, fmt.Errorf("listing the accounts of %s: %w", s.Name(), err)
		}
		known = append(known, names...)
	}
	for _, name := range r.Accounts {
		if !slices.Contains(known, name) {
			mend := "see their lists"
			if near, ok := document.Nearest(name, known); ok {
				mend = fmt.Sprintf("did you mean %q?", near)
			}
			return nil, &target.SetupError{Problem: fmt.Sprintf("neither server has an account %q", name), Mend: mend}
		}
	}
	names := slices.Sorted(slices.Values(r.Accounts))
	return slices.Compact(names), nil
}

func (r *run) all(ctx context.Context, accounts []string) error {
	all := len(accounts)
	if r.Journal != nil {
		if err := r.before(); err != nil {
			return err
		}
		accounts = slices.DeleteFunc(accounts, r.Journal.has)
		all = r.summary.Accounts + len(accounts)
	}
	l := looker{r.pair, r.Level}
	now := 0
	r.tell(now, all)
	for batch := range slices.Chunk(accounts, r.batch()) {
		done, err := l.look(ctx, batch)
		if err != nil {
			return err
		}
		if r.Journal != nil {
			if err := r.Journal.add(done); err != nil {
				return err
			}
		}
		for _, a := range done {
			r.summary.add(a)
			if r.Each != nil {
				if err := r.Each(a); err != nil {
					return err
				}
			}
		}
		now += len(done)
		r.tell(now, all)
		if now < len(accounts) {
			if err := r.rest(ctx, now); err != nil {
				return err
			}
		}
	}
	return nil
}

// before takes in what the journal has of earlier runs.
func (r *run) before() error {
	r.summary.Begun, r.summary.Resumed = r.Journal.begun, r.Journal.resumed
	return r.Journal.Each(func(a Account) error {
		r.summary.add(a)
		return nil
	})
}

func (r *run) tell(now, all int) {
	if r.Observe != nil {
		s := r.summary
		r.Observe(Progress{Done: s.Accounts, All: all, Now: now, Different: s.Different, Unknown: s.Unknown, Took: time.Since(r.began)})
	}
}

// batch is how many accounts are looked at before a rest: a slow run rests between ones.
func (r *run) batch() int {
	if r.MaxRate > 0 {
		return min(atATime, max(1, int(r.MaxRate)))
	}
	return atATime
}

// rest keeps to what was asked of the pace.
func (r *run) rest(ctx context.Context, now int) error {
	pause := r.Pause
	if r.MaxRate > 0 {
		due := time.Duration(float64(now) / r.MaxRate * float64(time.Second))
		pause = max(pause, due-time.Since(r.began))
	}
	if pause <= 0 {
		return ctx.Err()
	}
	return realtime.Time{}.Sleep(ctx, pause)
}
