package score

import (
	"context"
	"errors"
	"fmt"
	"time"

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

// Run tries every fault on every server on which it makes sense, one after the other.
// Faults that need the same of a pair share one. An error is one of the set-up, or the
// end of ctx; what was tried until then is returned with it.
func Run(ctx context.Context, o Options) (Score, error) {
	r := &runner{target: o.Target, detectors: o.Detectors, untouched: o.Untouched, trialWithin: trialWithin}
	score := Score{Target: o.Target.Name(), Suite: o.Suite}
	all := 0
	for _, f := range o.Faults {
		all += len(roles(f))
	}
	for _, spec := range []target.Spec{{}, {MovingClock: true}, {SmallDisk: true}} {
		err := r.group(ctx, o, spec, func(t Trial) {
			score.Trials = append(score.Trials, t)
			score.Cyrus = t.Cyrus
			if o.Observe != nil {
				o.Observe(len(score.Trials), all, t)
			}
		})
		if err != nil {
			return score, err
		}
	}
	return score, nil
}

// group tries the faults that need such a pair.
func (r *runner) group(ctx context.Context, o Options, spec target.Spec, done func(Trial)) (err error) {
	var faults []fault.Fault
	for _, f := range o.Faults {
		if specOf(f).MovingClock == spec.MovingClock && specOf(f).SmallDisk == spec.SmallDisk {
			faults = append(faults, f)
		}
	}
	if len(faults) == 0 {
		return nil
	}
	spec.Seed, spec.Suite, spec.Accounts = o.Seed, o.Suite, Accounts()
	pair, err := r.target.NewPair(ctx, spec)
	if err != nil {
		return fmt.Errorf("making a pair to break: %w", err)
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeWithin)
		defer cancel()
		err = errors.Join(err, pair.Close(closing))
	}()
	for _, f := range faults {
		for _, on := range roles(f) {
			t, err := r.try(ctx, pair, f, on)
			if err != nil {
				return fmt.Errorf("trying %s on %s: %w", f.Name(), on, err)
			}
			done(t)
		}
	}
	return nil
}

// closeWithin bounds giving a pair back.
const closeWithin = time.Minute
