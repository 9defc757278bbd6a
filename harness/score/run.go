package score

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/fault"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Options say what is scored.
type Options struct {
	Target target.Target
	Suite  string // whose Cyrus, as a Debian suite
	Seed   uint64 // of the target's own chance
	Faults []fault.Fault
	// Detectors returns those to be scored, for the pair at hand: some baselines need
	// its operator.
	Detectors func(target.Pair) []detect.Detector
	// Pairs is how many pairs are broken side by side; 0: one. With more than one, the
	// simulator's trials are not the same twice.
	Pairs int
	// Untouched asks for property 12: that no look changes a server's data. It takes
	// its time, since all files are listed before and after each.
	Untouched bool
	// Observe is told of each trial when it ends, if it is set.
	Observe func(done, of int, t Trial)
}

// trialWithin bounds one trial in real time.
const trialWithin = 3 * time.Minute

type runner struct {
	target      target.Target
	detectors   func(target.Pair) []detect.Detector
	untouched   bool
	trialWithin time.Duration
}

// Run tries every fault on every server on which it makes sense. Faults that need the
// same of a pair share one, or as many as are asked for. An error is one of the set-up,
// or the end of ctx; the score is then of the trials that were made until then.
func Run(ctx context.Context, o Options) (Score, error) {
	r := &runner{target: o.Target, detectors: o.Detectors, untouched: o.Untouched, trialWithin: trialWithin}
	score := Score{Target: o.Target.Name(), Suite: o.Suite}
	var mu sync.Mutex
	all := tasks(o.Faults)
	score.Planned = len(all)
	made := make([]*Trial, len(all))
	done := 0
	for _, spec := range []target.Spec{{}, {MovingClock: true}, {SmallDisk: true}} {
		err := r.group(ctx, o, spec, all, func(at int, t Trial) {
			mu.Lock()
			defer mu.Unlock()
			made[at], score.Cyrus = &t, t.Cyrus
			if done++; o.Observe != nil {
				o.Observe(done, len(all), t)
			}
		})
		if err != nil {
			score.keep(made)
			score.Partial = fmt.Sprintf("%d of %d trials were made: %s", len(score.Trials), len(all), whyEnded(ctx, err))
			return score, err
		}
	}
	score.keep(made)
	return score, nil
}

// whyEnded says why a run ended before its time.
func whyEnded(ctx context.Context, err error) string {
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return "the time for them was up"
	case ctx.Err() != nil:
		return "interrupted"
	default:
		return err.Error()
	}
}

// keep takes the trials that were made, in their order.
func (s *Score) keep(made []*Trial) {
	for _, t := range made {
		if t != nil {
			s.Trials = append(s.Trials, *t)
		}
	}
}

// task is one trial that is to be made.
type task struct {
	at    int // in the order of trials
	fault fault.Fault
	on    target.ServerName
}

func tasks(faults []fault.Fault) []task {
	var all []task
	for _, f := range faults {
		for _, on := range roles(f) {
			all = append(all, task{len(all), f, on})
		}
	}
	return all
}

// group makes the trials that need such a pair, on as many pairs as are asked for.
func (r *runner) group(ctx context.Context, o Options, spec target.Spec, all []task, done func(int, Trial)) error {
	todo := make(chan task, len(all))
	for _, t := range all {
		if need := specOf(t.fault); need.MovingClock == spec.MovingClock && need.SmallDisk == spec.SmallDisk {
			todo <- t
		}
	}
	close(todo)
	spec.Seed, spec.Suite, spec.Accounts = o.Seed, o.Suite, Accounts()
	workers, ctx := errgroup.WithContext(ctx)
	for range min(max(o.Pairs, 1), len(todo)) {
		workers.Go(func() error { return r.onOnePair(ctx, spec, todo, done) })
	}
	return workers.Wait()
}

// onOnePair makes trials on a pair of its own until none is left. A pair on which a trial
// could not be made has misbehaved: where the target has others, the trial is tried once
// more on another.
func (r *runner) onOnePair(ctx context.Context, spec target.Spec, todo <-chan task, done func(int, Trial)) (err error) {
	pair, err := r.target.NewPair(ctx, spec)
	if err != nil {
		return fmt.Errorf("making a pair to break: %w", err)
	}
	defer func() { err = errors.Join(err, giveBack(ctx, pair)) }()
	for t := range todo {
		trial, err := r.try(ctx, pair, t.fault, t.on)
		if discarder, ok := pair.(target.Discarder); ok && err != nil && ctx.Err() == nil {
			discarder.Discard()
			other, makeErr := r.inPlaceOf(ctx, pair, spec)
			if makeErr != nil {
				return fmt.Errorf("making a pair in the place of one that misbehaved (%w): %w", err, makeErr)
			}
			pair = other
			trial, err = r.try(ctx, pair, t.fault, t.on)
		}
		if ctx.Err() != nil {
			return ctx.Err() // whatever this trial has come to, its end was not its own
		}
		if err != nil {
			return fmt.Errorf("trying %s on %s: %w", t.fault.Name(), t.on, err)
		}
		done(t.at, trial)
	}
	return nil
}

// inPlaceOf gives a pair back, and only then takes another: a pool may have no third.
func (r *runner) inPlaceOf(ctx context.Context, pair target.Pair, spec target.Spec) (target.Pair, error) {
	if err := giveBack(ctx, pair); err != nil {
		return nil, err
	}
	return r.target.NewPair(ctx, spec)
}

// giveBack closes a pair, also when ctx has ended.
func giveBack(ctx context.Context, pair target.Pair) error {
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeWithin)
	defer cancel()
	return pair.Close(closing)
}

// closeWithin bounds giving a pair back.
const closeWithin = time.Minute
