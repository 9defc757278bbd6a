package score_test

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/fault"
	"github.com/cyrdrill/cyrdrill/harness/score"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

func all(target.Pair) []detect.Detector { return detect.All() }

func TestScorecardOnSim(t *testing.T) {
	s, err := score.Run(t.Context(), score.Options{Target: sim.New(), Suite: "bookworm", Seed: 1, Faults: fault.All(), Detectors: all})
	if err != nil {
		t.Fatal(err)
	}
	failures, unknowns := s.Shortcomings()
	for _, line := range append(failures, unknowns...) {
		t.Error(line)
	}
	if os.Getenv("SHOW") != "" {
		var out bytes.Buffer
		_ = s.WriteText(&out)
		t.Log("\n" + out.String())
	}
}

func TestEachDetectorClaimsTheMinimum(t *testing.T) {
	for name, kinds := range score.Minimum() {
		d, ok := detect.ByName(name)
		if !ok {
			t.Errorf("no detector %s", name)
			continue
		}
		for _, kind := range kinds {
			if !slices.Contains(d.Promise().Kinds, kind) {
				t.Errorf("%s does not claim %s", name, kind)
			}
		}
	}
	_ = strings.ToUpper
}
