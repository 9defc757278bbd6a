package score_test

import (
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/fault"
	"github.com/cyrdrill/cyrdrill/harness/score"
	"github.com/cyrdrill/cyrdrill/sim"
)

// BenchmarkScorecard scores every detector with every fault on the simulator.
func BenchmarkScorecard(b *testing.B) {
	for b.Loop() {
		s, err := score.Run(b.Context(), score.Options{Target: sim.New(), Suite: "bookworm", Seed: 1, Faults: fault.All(), Detectors: all})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(len(s.Trials)), "trials")
	}
}
