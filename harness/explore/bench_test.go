package explore

import (
	"os"
	"runtime"
	"runtime/debug"
	"syscall"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/sim"
)

// sampled is how many drills a round of a benchmark is.
const sampled = 500

// BenchmarkBare runs drawn plans and nothing else: what a campaign is held against.
func BenchmarkBare(b *testing.B) {
	asCommand(b)
	plans := make([]*plan.Plan, sampled)
	for i := range plans {
		plans[i] = Draw(1, uint64(i), nil, testLimits())
	}
	run := OnTarget(sim.New())
	measure(b, func() {
		for _, p := range plans {
			if _, err := run(b.Context(), p); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkCampaign draws the same plans, runs them, judges and counts them.
func BenchmarkCampaign(b *testing.B) {
	asCommand(b)
	measure(b, func() {
		s := NewState("sim", 1, testLimits())
		if _, err := Explore(b.Context(), s, Options{Seed: 1, Limits: s.Limits, Drills: sampled, Run: OnTarget(sim.New())}); err != nil {
			b.Fatal(err)
		}
	})
}

// BenchmarkMemory tells what a campaign holds after so many drills, and after ten times
// as many: the tally alone, since drills leave nothing else.
func BenchmarkMemory(b *testing.B) {
	asCommand(b)
	for b.Loop() {
		s := NewState("sim", 1, testLimits())
		for _, drills := range []int{1000, 10_000} {
			if _, err := Explore(b.Context(), s, Options{Seed: 1, Limits: s.Limits, Drills: drills, Run: OnTarget(sim.New())}); err != nil {
				b.Fatal(err)
			}
			runtime.GC()
			var stats runtime.MemStats
			runtime.ReadMemStats(&stats)
			b.ReportMetric(float64(stats.HeapAlloc)/(1<<20), map[bool]string{true: "MiB-after-1000", false: "MiB-after-10000"}[drills == 1000])
		}
		runtime.KeepAlive(s)
	}
}

// asCommand sets the garbage collector as 'cyrdrill explore' does.
func asCommand(b *testing.B) {
	b.Helper()
	const simGCPercent = 800
	if os.Getenv("GOGC") == "" {
		before := debug.SetGCPercent(simGCPercent)
		b.Cleanup(func() { debug.SetGCPercent(before) })
	}
}

// measure counts drills by the processor's time.
func measure(b *testing.B, round func()) {
	b.Helper()
	used := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	before := used()
	for b.Loop() {
		round()
	}
	b.ReportMetric(float64(b.N*sampled)/(used()-before).Seconds(), "drills/core-s")
}
