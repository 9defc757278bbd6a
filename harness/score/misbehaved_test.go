package score_test

import (
	"context"
	"errors"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/fault"
	"github.com/cyrdrill/cyrdrill/harness/score"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

// lending lends one pair at a time, as a pool of one does; those of whose number bad says
// so cannot be reset.
type lending struct {
	t               *testing.T
	bad             func(n int) bool
	made, out, gone int
}

func (*lending) Name() string { return "sim" }

func (l *lending) NewPair(ctx context.Context, spec target.Spec) (target.Pair, error) {
	if l.out > 0 {
		l.t.Error("a pair is asked for before the one that misbehaved was given back")
	}
	pair, err := sim.New().NewPair(ctx, spec)
	l.made++
	l.out++
	return &lentPair{Pair: pair, of: l, bad: l.bad(l.made)}, err
}

type lentPair struct {
	target.Pair
	of             *lending
	bad, discarded bool
	closed         bool
}

func (p *lentPair) Reset(ctx context.Context, accounts []string) error {
	if p.bad {
		return errors.New("it does not greet")
	}
	return p.Pair.Reset(ctx, accounts)
}

func (p *lentPair) Discard() { p.discarded = true }

func (p *lentPair) Close(ctx context.Context) error {
	if !p.closed {
		p.closed = true
		p.of.out--
		if p.discarded {
			p.of.gone++
		}
	}
	return p.Pair.Close(ctx)
}

// A pair on which no trial can be made is thrown away, and the trial is made on another;
// where that misbehaves as well, it is no pair's fault.
func TestAPairThatMisbehavesIsReplaced(t *testing.T) {
	faults := []fault.Fault{fault.KeywordLost{}}
	once := &lending{t: t, bad: func(n int) bool { return n == 1 }}
	s, err := score.Run(t.Context(), score.Options{Target: once, Suite: "bookworm", Seed: 1, Faults: faults, Detectors: all})
	if err != nil || len(s.Trials) != s.Planned || s.Planned == 0 {
		t.Errorf("%d of %d trials: %v", len(s.Trials), s.Planned, err)
	}
	if once.made != 2 || once.gone != 1 || once.out != 0 {
		t.Errorf("%d pairs made, %d thrown away, %d still out", once.made, once.gone, once.out)
	}
	always := &lending{t: t, bad: func(int) bool { return true }}
	if _, err := score.Run(t.Context(), score.Options{Target: always, Suite: "bookworm", Seed: 1, Faults: faults, Detectors: all}); err == nil {
		t.Error("no pair can be reset, and nobody is told")
	}
}
