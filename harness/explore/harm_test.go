package explore

import (
	"slices"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/fault"
	"github.com/cyrdrill/cyrdrill/harness/score"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

// What a fault is foreseen to damage is what it declares once it has been injected, for
// each fault of the catalogue, on each side.
func TestHarmsAreWhatFaultsDeclare(t *testing.T) {
	trials, err := score.Run(t.Context(), score.Options{
		Target: sim.New(), Seed: 1, Faults: fault.All(), Detectors: func(target.Pair) []detect.Detector { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	known := harms()
	for _, f := range fault.All() {
		if _, ok := known[f.Name()]; !ok {
			t.Errorf("%s: nothing is known of what it damages", f.Name())
		}
	}
	if len(known) != len(fault.All()) {
		t.Errorf("%d faults are known, and the catalogue has %d", len(known), len(fault.All()))
	}
	tried := 0
	for _, trial := range trials.Trials {
		if trial.Void != "" {
			t.Errorf("%s on %s: %s", trial.Fault, trial.On, trial.Void)
			continue
		}
		tried++
		for _, d := range trial.Damage {
			if !slices.Contains(known[trial.Fault], harm{kind: d.Kind, peer: d.Server != trial.On}) {
				t.Errorf("%s on %s declares %s on %s, which is not foreseen", trial.Fault, trial.On, d.Kind, d.Server)
			}
		}
	}
	if tried < len(fault.All()) {
		t.Errorf("%d trials were made of %d faults", tried, len(fault.All()))
	}
}
