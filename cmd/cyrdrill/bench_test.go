package main

import (
	"syscall"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/cyrus"
	"github.com/cyrdrill/cyrdrill/harness/cyrus/cyrustest"
	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/scenarios"
	"github.com/cyrdrill/cyrdrill/sim"
)

// BenchmarkPlan runs the small scenario on a pair that is there: on docker after
// a reset, which is part of the time.
func BenchmarkPlan(b *testing.B) {
	for _, on := range []target.Target{sim.New(), cyrus.New()} {
		b.Run(on.Name(), func(b *testing.B) { benchmarkScenario(b, "unreplicated-mail", on) })
	}
}

// BenchmarkIncident runs the whole incident on real servers that are there, reset
// included.
func BenchmarkIncident(b *testing.B) { benchmarkScenario(b, "replica-behind-and-corrupt", cyrus.New()) }

// benchmarkScenario also reports the most memory that the process has had so far,
// servers not included.
func benchmarkScenario(b *testing.B, name string, on target.Target) {
	text, err := scenarios.Text(name)
	if err != nil {
		b.Fatal(err)
	}
	p, err := plan.Parse(scenarios.File(name), text, drill.Names())
	if err != nil {
		b.Fatal(err)
	}
	if on.Name() == "docker" {
		cyrustest.Need(b)
	}
	pair, err := on.NewPair(b.Context(), drill.Spec(p))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := pair.Reset(b.Context(), p.Accounts); err != nil {
			b.Fatal(err)
		}
		if result, _ := drill.Run(b.Context(), p, pair, drill.Options{Target: on.Name()}); result.Verdict != property.Pass {
			b.Fatal(result.Reasons)
		}
	}
	b.StopTimer()
	if err := pair.Close(b.Context()); err != nil {
		b.Error(err)
	}
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(used.Maxrss)/1024, "max-RSS-MiB")
}
