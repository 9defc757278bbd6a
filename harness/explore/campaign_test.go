package explore

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/sim"
)

// planted carries out plans in which a restore is not what it is called: every restorer
// that brings messages back brings none.
func planted() Run {
	run := OnTarget(sim.New())
	return func(ctx context.Context, p *plan.Plan) (Shown, error) {
		bad := *p
		bad.Steps = slices.Clone(p.Steps)
		for i, s := range bad.Steps {
			if s.Restore != nil && (s.Restore.Restorer.Name == (restore.Everything{}).Name() || s.Restore.Restorer.Name == (restore.CopyMissing{}).Name()) {
				instead := *s.Restore
				instead.Restorer.Name = restore.MergeFlags{}.Name()
				bad.Steps[i].Restore = &instead
			}
		}
		return run(ctx, &bad)
	}
}

func explored(t *testing.T, s *State, o Options) *Tally {
	t.Helper()
	o.Seed, o.Limits = s.Seed, s.Limits
	tally, err := Explore(t.Context(), s, o)
	if err != nil {
		t.Fatal(err)
	}
	return tally
}

// A campaign finds a restore that brings nothing back, says which promise that breaks, and
// hands over a plan that a person can read.
func TestFindsAPlantedBug(t *testing.T) {
	tally := explored(t, NewState("sim", 1, testLimits()), Options{Drills: 500, Run: planted(), Reducer: Shrinker{Runs: 200}})
	i := slices.IndexFunc(tally.Sorted(), func(g *Group) bool {
		return g.Failure.Sort == BrokenProperty && g.Failure.Name == "no-loss"
	})
	if i < 0 {
		t.Fatalf("nobody found that messages are not brought back: %v", tally.Counts.Failures)
	}
	g := tally.Sorted()[i]
	if g.Steps > 14 || !strings.Contains(g.Skeleton, "process-killed") {
		t.Errorf("the smallest plan has %d steps: %s", g.Steps, g.Skeleton)
	}
	p, err := plan.Parse("smallest.yaml", []byte(g.Plan), drill.Names())
	if err != nil {
		t.Fatal(err)
	}
	shown, err := planted()(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	if failures := Judge(p, shown.Result); !slices.ContainsFunc(failures, func(f Failure) bool { return f.Key() == g.Failure.Key() }) {
		t.Errorf("the smallest plan does not fail of %s but of %v", g.Failure.Key(), failures)
	}
}

// Without the bug nothing fails: what is promised of drawn plans holds.
func TestPromisesOfDrawnPlansHold(t *testing.T) {
	tally := explored(t, NewState("sim", 1, testLimits()), Options{Drills: 400, Run: OnTarget(sim.New())})
	for _, g := range tally.Sorted() {
		t.Errorf("drill %d: %s\n%s", g.Drill, g.Failure, g.Plan)
	}
	c := tally.Counts
	if c.Drills != 400 || c.Recoverable < 100 || c.Landed < 200 || c.Void > 100 {
		t.Errorf("too little was tried to mean anything: %+v", c)
	}
}

func inJSON(t *testing.T, of any) string {
	t.Helper()
	text, err := json.Marshal(of)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A campaign that was ended between two blocks and is gone on with comes to the same as
// one that was not, on however many jobs.
func TestResumedIsTheSame(t *testing.T) {
	options := Options{Drills: 90, Block: 30, Run: planted()}
	whole := NewState("sim", 5, testLimits())
	explored(t, whole, options)

	directory := t.TempDir()
	parted := NewState("sim", 5, testLimits())
	first := options
	first.Drills, first.Jobs = 60, 3
	first.Keep = func(s *State) error { return errors.Join(s.Save(directory), s.Tally.SavePlans(directory)) }
	explored(t, parted, first)
	again, err := LoadState(directory)
	if err != nil {
		t.Fatal(err)
	}
	if again.Next != 60 {
		t.Fatalf("the next drill is %d, after 60", again.Next)
	}
	explored(t, again, options)
	whole.Elapsed, again.Elapsed = 0, 0
	if a, b := inJSON(t, whole), inJSON(t, again); a != b {
		t.Errorf("in one go:\n%.3000s\nin two:\n%.3000s", a, b)
	}
}

// An end amid a block leaves the state of the block before.
func TestInterruptedAmidABlock(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := NewState("sim", 1, testLimits())
	o := Options{Seed: 1, Limits: testLimits(), Drills: 40, Block: 20, Run: OnTarget(sim.New()), Observe: func(p Progress) {
		if p.Since == 25 {
			cancel()
		}
	}}
	tally, err := Explore(ctx, s, o)
	if err != nil {
		t.Fatal(err)
	}
	if s.Next != 20 || s.Tally.Counts.Drills != 20 || tally.Counts.Drills != 25 {
		t.Errorf("the state is that after %d drills, %d counted; made were %d", s.Next, s.Tally.Counts.Drills, tally.Counts.Drills)
	}
}

func TestStateOfAnotherVersionIsRefused(t *testing.T) {
	directory := t.TempDir()
	s := NewState("sim", 1, testLimits())
	s.APIVersion = "cyrdrill.explore/v0"
	if err := s.Save(directory); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadState(directory); err == nil || !strings.Contains(err.Error(), "begin a new campaign") {
		t.Errorf("it was read: %v", err)
	}
}

// A panic of the harness is a failure of the drill, and not the campaign's end.
func TestPanicIsAFailure(t *testing.T) {
	run := OnTarget(panicking{sim.New()})
	tally := explored(t, NewState("sim", 1, testLimits()), Options{Drills: 1, Run: run})
	if len(tally.Groups) != 1 || tally.Sorted()[0].Failure.Sort != Crash {
		t.Errorf("a panic came to %v", tally.Counts)
	}
}
