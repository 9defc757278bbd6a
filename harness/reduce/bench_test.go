package reduce_test

import (
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/reduce"
	"github.com/cyrdrill/cyrdrill/sim"
)

// BenchmarkIncident reduces the whole incident, without the restore that carries over
// expunges, on the simulator: 41 steps, 10 accounts, 2,000 messages.
func BenchmarkIncident(b *testing.B) {
	p := incident(b, "replica-behind-and-corrupt", "  - restore: {restorer: carry-expunges}\n", "")
	for b.Loop() {
		r, err := reduce.Reduce(b.Context(), p, reduce.Options{Run: reduce.OnTarget(sim.New()), Names: drill.Names(), Seeds: 3})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(r.Runs), "runs")
		b.ReportMetric(float64(len(r.Plan.Steps)), "steps-left")
	}
}
