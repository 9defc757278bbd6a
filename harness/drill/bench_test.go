package drill_test

import (
	_ "embed"
	"runtime"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/scenarios"
)

//go:embed testdata/benchmark.yaml
var benchmarkPlan string

// BenchmarkDrill plays one small incident with all that belongs to it: 5
// accounts, 15 mailboxes, 300 operations, 3 days, 3 faults, all detectors,
// restorers and properties. A run of GOMAXPROCS=1 is what its goal is set for.
func BenchmarkDrill(b *testing.B) {
	p := parse(b, benchmarkPlan)
	b.ReportAllocs()
	for b.Loop() {
		mustPass(b, run(b, p))
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "drills/s")
	b.ReportMetric(liveMiB(b, p), "live-MiB")
}

// BenchmarkIncidentOnSim plays the whole incident, with its 2,000 messages.
func BenchmarkIncidentOnSim(b *testing.B) {
	text, err := scenarios.Text("replica-behind-and-corrupt")
	if err != nil {
		b.Fatal(err)
	}
	p := parse(b, string(text))
	b.ReportAllocs()
	for b.Loop() {
		mustPass(b, run(b, p))
	}
	b.ReportMetric(liveMiB(b, p), "live-MiB")
}

func mustPass(b *testing.B, result *drill.Result) {
	b.Helper()
	if result.Verdict != property.Pass {
		b.Fatal(result.Reasons)
	}
}

// liveMiB returns how much memory a drill holds at its end: the pair, the result
// and the evidence.
func liveMiB(b *testing.B, p *plan.Plan) float64 {
	b.Helper()
	before := heapInUse()
	pair := newPair(b, p)
	result, evidence := drill.Run(b.Context(), p, pair, drill.Options{Target: "sim"})
	held := heapInUse() - before
	runtime.KeepAlive(pair)
	runtime.KeepAlive(result)
	runtime.KeepAlive(evidence)
	return float64(held) / (1 << 20)
}

func heapInUse() int64 {
	runtime.GC()
	runtime.GC() // what the first one only queued for finalizers is gone after the second
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
