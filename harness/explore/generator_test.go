package explore

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/cyrdrill/cyrdrill/harness/fault"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/property"
)

func testLimits() Limits { return Limits{Suites: []string{"bookworm", "trixie"}} }

func draw(seed, i uint64, lean Lean) *plan.Plan { return Draw(seed, i, lean, testLimits()) }

// The plan of a drill depends on seed, number and lean alone.
func TestADrillIsAlwaysTheSamePlan(t *testing.T) {
	distinct := map[string]bool{}
	lean := LeanOf([]string{"disk-full"})
	for i := range uint64(200) {
		text := string(plan.Format(draw(7, i, lean)))
		distinct[text] = true
		draw(8, i, nil)
		if again := string(plan.Format(draw(7, i, lean))); again != text {
			t.Fatalf("drill %d is one plan, and then another:\n%s\n%s", i, text, again)
		}
	}
	if len(distinct) < 195 {
		t.Errorf("200 drills are %d plans", len(distinct))
	}
}

// Every plan that is drawn, within whatever swarm, is one that 'cyrdrill run' takes: it is
// printed, read back, and the same.
func TestDrawnPlansCanBeRun(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		swarm := DrawSwarm(rapid.Uint64().Draw(t, "seed"), rapid.Uint64().Draw(t, "drill"), nil, testLimits())
		p := Plans(swarm).Draw(t, "plan")
		finished, err := Finish(&p)
		if err != nil {
			t.Fatalf("%s\n%s", err, plan.Format(&p))
		}
		if again, err := Finish(finished); err != nil || !bytes.Equal(plan.Format(again), plan.Format(finished)) {
			t.Fatalf("read back it is not the same (%v):\n%s", err, plan.Format(finished))
		}
	})
}

// The whole catalogue is drawn, and every turn, and plans of both kinds.
func TestDrawsEverything(t *testing.T) {
	faults, kinds := map[string]bool{}, map[plan.Kind]bool{}
	recoverable, lossy, told := 0, 0, 0
	const drills = 1500
	for i := range uint64(drills) {
		p := draw(1, i, nil)
		if read, err := Finish(p); err != nil || !bytes.Equal(plan.Format(read), plan.Format(p)) {
			t.Fatalf("drill %d cannot be read back as it was drawn: %v\n%s", i, err, plan.Format(p))
		}
		if read, _ := Finish(p); !slices.EqualFunc(read.Steps, p.Steps, func(a, b plan.Step) bool { return a.Pos == b.Pos }) {
			t.Fatalf("drill %d has its steps on other lines than it is printed on", i)
		}
		for _, s := range p.Steps {
			kinds[s.Kind] = true
			if s.Fault != nil {
				faults[s.Fault.Name.Name] = true
			}
		}
		prospect := Foresee(p)
		if prospect.Recoverable {
			recoverable++
			continue
		}
		lossy++
		if slices.Contains(prospect.Properties, property.LossesTold{}.Name()) {
			told++
		}
	}
	for _, f := range fault.All() {
		if !faults[f.Name()] && !slices.Contains(unreached(), f.Name()) {
			t.Errorf("%d drills never inject %s", drills, f.Name())
		}
	}
	for _, kind := range []plan.Kind{
		plan.KindSeed, plan.KindDeliver, plan.KindWork, plan.KindRules, plan.KindWait, plan.KindFault, plan.KindFreeze, plan.KindPromote,
		plan.KindRescue, plan.KindDetect, plan.KindRestore, plan.KindResync, plan.KindFailback, plan.KindClock, plan.KindExpire,
	} {
		if !kinds[kind] {
			t.Errorf("%d drills have no step %s", drills, kind)
		}
	}
	if recoverable < drills/4 || lossy < drills/8 || told < drills/100 {
		t.Errorf("of %d drills %d promise that nothing is lost, %d do not, and of these %d that losses are told", drills, recoverable, lossy, told)
	}
}

// What a campaign leans towards is drawn more often.
func TestLeanIsLeantTowards(t *testing.T) {
	count := func(lean Lean) (n int) {
		for i := range uint64(400) {
			if strings.Contains(string(plan.Format(draw(3, i, lean))), "name: power-lost") {
				n++
			}
		}
		return n
	}
	if without, with := count(nil), count(LeanOf([]string{"power-lost"})); with < 2*without || with == 0 {
		t.Errorf("power-lost is in %d of 400 plans, and where it is leant towards in %d", without, with)
	}
}

// Real servers cannot be hurt by each fault, and a drill that tries it in vain shows nothing.
func TestRealServersAreSparedWhatOnlyAModelCanDo(t *testing.T) {
	limits := testLimits()
	for _, limits.Real = range []bool{false, true} {
		drawn := 0
		for i := range uint64(400) {
			for _, name := range DrawSwarm(3, i, nil, limits).Faults {
				if f, _ := fault.ByName(name); f.Effects().NeedsModel {
					drawn++
				}
			}
		}
		if limits.Real != (drawn == 0) {
			t.Errorf("real: %t: 400 drills may have %d faults that need the model", limits.Real, drawn)
		}
	}
}
