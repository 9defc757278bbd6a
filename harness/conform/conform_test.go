package conform_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/conform"
	"github.com/cyrdrill/cyrdrill/harness/cyrus/cyrustest"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

var (
	suite  = flag.String("suite", "bookworm", "whose Cyrus both targets run, as a Debian suite")
	plans  = flag.Int("plans", 8, "how many random plans to run on both targets")
	first  = flag.Int("first", 1, "the seed of the first of them; the next ones follow")
	steps  = flag.Int("steps", 30, "how many steps a plan has, about")
	pairs  = flag.Int("pairs", 2, "how many real pairs to run them on, side by side")
	faults = flag.Bool("faults", true, "with faults")
	harms  = flag.Bool("harms", false, "in all plans files, lists, scripts, disks and ports are harmed, and not in every third")
	reduce = flag.Int("reduce", 0, "how many runs on real servers to spend on a shorter plan that differs alike")
	strict = flag.Bool("strict", false, "let a difference count that is seen once")
	only   = flag.String("plan", "", "run this file's plan alone, and show what both targets made of it")
	kept   = flag.Bool("every-kept", false, "run every plan that was kept on real servers; without it, not those that are nightly")
	goOn   = flag.Bool("go-on", false, "run all plans, also after a difference")
)

// specOf is what a plan needs of a pair of the suite that is asked for.
func specOf(p conform.Plan) target.Spec {
	spec := p.Spec()
	spec.Suite = *suite
	return spec
}

func simulated(t testing.TB, p conform.Plan, seed uint64) conform.Trace {
	t.Helper()
	return simulatedOn(t, *suite, p, seed)
}

func simulatedOn(t testing.TB, suite string, p conform.Plan, seed uint64) conform.Trace {
	t.Helper()
	spec := p.Spec()
	spec.Suite, spec.Seed = suite, seed
	pair, err := sim.NewPair(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	trace, err := conform.RunPaced(t.Context(), pair, p, paceOf(seed))
	if err != nil {
		t.Fatalf("on the simulator: %v\n%s", err, p.Text())
	}
	return trace
}

// pauses are how long the model's users rest between two steps: what a step takes on
// real servers depends on the machine, and whether a second passes meanwhile decides,
// say, whether two UIDVALIDITYs are equal.
var pauses = [...]time.Duration{0, 40 * time.Millisecond, 90 * time.Millisecond, 150 * time.Millisecond, 300 * time.Millisecond, 450 * time.Millisecond, time.Second, 2 * time.Second}

// outcomes is how many of its outcomes the model is asked for where a real pair
// shows another than the first: what neither a plan nor a user can decide (which of
// two GUIDs is the lower one, whether a batch was done when its replica died) is
// drawn from the seed. In those up to evenlyPaced its users rest equally long before
// each step, in the others now longer and now shorter, to the millisecond: what a batch
// is at when its replica dies is decided by less than the pauses differ by.
const evenlyPaced, outcomes = 96, 384

// paceOf is how long the model's users rest before each step, under a seed.
func paceOf(seed uint64) func() time.Duration {
	even := pauses[(seed-1)%uint64(len(pauses))]
	if seed <= evenlyPaced {
		return func() time.Duration { return even }
	}
	chance := rand.New(rand.NewPCG(seed, 0))
	return func() time.Duration {
		return pauses[chance.IntN(len(pauses))] + time.Duration(chance.IntN(50))*time.Millisecond
	}
}

// both runs a plan on the simulator and on a real pair. What the real one shows has
// to be one of the model's outcomes; the difference is to the one that agrees longest.
func both(t testing.TB, ctx context.Context, pairs target.Target, p conform.Plan) *conform.Difference {
	t.Helper()
	seen, err := onReal(t, ctx, pairs, p)
	if err != nil {
		return &conform.Difference{At: len(seen.Steps), Lines: []string{"on the real pair: " + err.Error()}}
	}
	first := conform.Compare(simulated(t, p, 1), seen)
	last := first
	for seed := uint64(2); first != nil && seed <= outcomes; seed++ {
		d := conform.Compare(simulated(t, p, seed), seen)
		if d == nil {
			t.Logf("the model's outcome under seed %d; under seed 1 it differs at %s", seed, first)
			return nil
		}
		if d.At > last.At {
			last = d
		}
	}
	return last
}

// onReal runs a plan on a real pair. One on which it could not be carried out is thrown away.
func onReal(t testing.TB, ctx context.Context, pairs target.Target, p conform.Plan) (conform.Trace, error) {
	t.Helper()
	real, err := pairs.NewPair(ctx, specOf(p))
	if err != nil {
		t.Fatal(err)
	}
	seen, err := conform.Run(ctx, real, p)
	if discarder, ok := real.(target.Discarder); ok && err != nil {
		discarder.Discard()
	}
	if err := real.Close(ctx); err != nil {
		t.Errorf("giving the pair back: %v", err)
	}
	return seen, err
}

// differs runs a plan on both, and once more where they differ: on a machine that is
// busy otherwise a step may take so long that something else happens. What shows
// once is logged; unless -strict asks otherwise, only what shows twice counts.
func differs(t testing.TB, ctx context.Context, real target.Target, p conform.Plan) *conform.Difference {
	t.Helper()
	d := both(t, ctx, real, p)
	if d == nil || *strict {
		return d
	}
	t.Logf("sim (-) and real Cyrus (+) differ, and are asked again, at %s\nplan:\n%s", d, p.Text())
	return both(t, ctx, real, p)
}

// The simulator is only worth what its likeness is: random plans are answered
// alike, and leave the same, on both targets.
func TestRandomPlans(t *testing.T) {
	seeds := make(chan int, *plans)
	for seed := *first; seed < *first+*plans; seed++ {
		seeds <- seed
	}
	close(seeds)
	real := cyrustest.Pool(t, *suite, *pairs)
	for n := range *pairs {
		t.Run(fmt.Sprintf("pair %d", n+1), func(t *testing.T) {
			t.Parallel()
			for seed := range seeds {
				p := drawn(seed)
				d := differs(t, t.Context(), real, p)
				if d == nil {
					t.Logf("seed %d: alike", seed)
					continue
				}
				p, d = reduced(t, real, p, d)
				t.Errorf("seed %d: sim (-) and real Cyrus (+) differ at %s\nplan:\n%s", seed, d, p.Text())
				if !*goOn {
					return
				}
			}
		})
	}
}

// drawn is the plan of a seed.
func drawn(seed int) conform.Plan {
	if *harms || *faults && seed%3 == 0 {
		return conform.HarmPlans(*steps).Example(seed)
	}
	return conform.Plans(*steps, *faults).Example(seed)
}

// reduced returns a shorter plan that differs as well, and how, if it was asked for.
func reduced(t testing.TB, real target.Target, p conform.Plan, d *conform.Difference) (conform.Plan, *conform.Difference) {
	if *reduce == 0 {
		return p, d
	}
	p.Steps = p.Steps[:min(d.At+1, len(p.Steps))]
	p = conform.Reduce(p, *reduce, func(shorter conform.Plan) bool {
		again := both(t, t.Context(), real, shorter)
		if again != nil {
			d = again
		}
		return again != nil
	})
	return p, d
}

// keptPlans reads the plans of testdata, by name.
func keptPlans(t testing.TB) map[string]conform.Plan {
	t.Helper()
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no plans: %v", err)
	}
	plans := map[string]conform.Plan{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		p, err := conform.Parse(text)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		plans[strings.TrimSuffix(filepath.Base(file), ".yaml")] = p
	}
	return plans
}

// Each plan that was kept is answered alike on both targets.
func TestKeptPlans(t *testing.T) {
	cyrustest.NeedSuite(t, *suite)
	plans := keptPlans(t)
	real := cyrustest.Pool(t, *suite, *pairs)
	for _, name := range slices.Sorted(maps.Keys(plans)) {
		p := plans[name]
		t.Run(name, func(each *testing.T) {
			if len(p.Suites) > 0 && !slices.Contains(p.Suites, *suite) {
				each.Skipf("it is about the Cyrus of %s", strings.Join(p.Suites, ", "))
			}
			if p.Nightly && !*kept {
				each.Skip("asked for by -every-kept, as `make conformance` does")
			}
			each.Parallel()
			if d := differs(each, each.Context(), real, p); d != nil {
				each.Errorf("sim (-) and real Cyrus (+) differ at %s", d)
			}
		})
	}
}

// What kept plans promise shows on the simulator alone as well.
func TestKeptPlansShowWhatTheyPromise(t *testing.T) {
	for name, p := range keptPlans(t) {
		t.Run(name, func(t *testing.T) {
			if p.Because == "" {
				t.Error("nothing says why the plan is kept")
			}
			suites := p.Suites
			if len(suites) == 0 {
				suites = []string{*suite}
			}
			for _, on := range suites {
				for _, line := range conform.Unmet(simulatedOn(t, on, p, 1)) {
					t.Errorf("promised of %s, and not so: %s", on, line)
				}
			}
		})
	}
}

// What both targets make of one plan, for whoever asks what is behind a difference.
func TestShowPlan(t *testing.T) {
	if *only == "" {
		t.Skip("asked for by -plan")
	}
	text, err := os.ReadFile(*only)
	if err != nil {
		t.Fatal(err)
	}
	p, err := conform.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("sim:\n%s", simulated(t, p, 1))
	real := cyrustest.Pair(t, specOf(p))
	seen, err := conform.Run(t.Context(), real, p)
	t.Logf("real (%v):\n%s", err, seen)
	if d := conform.Compare(simulated(t, p, 1), seen); d != nil {
		t.Errorf("they differ at %s", d)
	}
}

func TestPlansSurviveTheirText(t *testing.T) {
	for seed := range 50 {
		p := conform.Plans(20, true).Example(seed)
		read, err := conform.Parse([]byte(p.Text()))
		if err != nil || fmt.Sprint(read) != fmt.Sprint(p) {
			t.Fatalf("%v\n%s\nread as\n%s", err, p.Text(), read.Text())
		}
	}
}
