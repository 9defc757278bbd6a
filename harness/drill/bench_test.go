package drill_test

import (
	_ "embed"
	"flag"
	"os"
	"runtime"
	"runtime/debug"
	"syscall"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/traffic"
	"github.com/cyrdrill/cyrdrill/scenarios"
	"github.com/cyrdrill/cyrdrill/sim"
)

//go:embed testdata/small-incident.yaml
var smallIncident string

// BenchmarkDrill plays one small incident with all that belongs to it: 5
// accounts, 15 mailboxes, 300 operations, 3 days, 3 faults, all detectors, restorers
// and properties.
func BenchmarkDrill(b *testing.B) { benchmarkPlan(b, parse(b, smallIncident)) }

// BenchmarkIncidentOnSim plays the whole incident, with its 2,000 messages.
func BenchmarkIncidentOnSim(b *testing.B) {
	text, err := scenarios.Text("replica-behind-and-corrupt")
	if err != nil {
		b.Fatal(err)
	}
	benchmarkPlan(b, parse(b, string(text)))
}

// BenchmarkYearOfMonitoring lets a year pass on a pair where nothing happens, with
// a check every two minutes, of three accounts with five mailboxes each.
func BenchmarkYearOfMonitoring(b *testing.B) {
	const every, checks = 2 * time.Minute, 365 * 24 * 30
	runAsCommand(b)
	before := processorTime(b)
	for b.Loop() {
		scene := quietScene(b)
		for range checks {
			found, err := detect.Monitor{}.Detect(b.Context(), scene)
			if err != nil || len(found) > 0 {
				b.Fatal(found, err)
			}
			if err := scene.Clock.Sleep(b.Context(), every); err != nil {
				b.Fatal(err)
			}
		}
	}
	spent := (processorTime(b) - before).Seconds() / float64(b.N)
	b.ReportMetric(spent, "core-s/year")
	b.ReportMetric(spent/checks*1e6, "core-µs/check")
}

// quietScene is a pair with some mail, as a monitor sees it.
func quietScene(b *testing.B) detect.Scene {
	accounts := []string{"alice", "bob", "carol"}
	pair, err := sim.New().NewPair(b.Context(), target.Spec{Seed: 1, Accounts: accounts})
	if err != nil {
		b.Fatal(err)
	}
	users := traffic.NewUsers(pair, traffic.NewLedger(nil), 1)
	if _, err := users.Seed(b.Context(), accounts, 5, 120); err != nil {
		b.Fatal(err)
	}
	scene := detect.Scene{Clock: pair.Clock(), Executor: pair.Executor(), Accounts: accounts, Master: target.Imap1}
	for _, server := range pair.Servers() {
		scene.Sides = append(scene.Sides, detect.LiveSide(server))
	}
	return scene
}

// benchmarkPlan counts drills by the processor's time: on a machine that is busy
// otherwise, what passes on the clock says little.
func benchmarkPlan(b *testing.B, p *plan.Plan) {
	runAsCommand(b)
	b.ReportAllocs()
	before := processorTime(b)
	for b.Loop() {
		if result := run(b, p); result.Verdict != property.Pass {
			b.Fatal(result.Reasons)
		}
	}
	b.ReportMetric(float64(b.N)/(processorTime(b)-before).Seconds(), "drills/core-s")
	b.ReportMetric(liveMiB(b, p), "live-MiB")
}

// runAsCommand sets up the process as that of 'cyrdrill run --target sim', so that what
// is measured is what its users get: the garbage collector as seldom (simGCPercent in
// cmd/cyrdrill), and no sampling of allocations, which only test binaries do. GOGC and
// the flags for memory profiles have their say.
func runAsCommand(b *testing.B) {
	b.Helper()
	const simGCPercent = 800
	if os.Getenv("GOGC") == "" {
		before := debug.SetGCPercent(simGCPercent)
		b.Cleanup(func() { debug.SetGCPercent(before) })
	}
	if profile := flag.Lookup("test.memprofile"); profile == nil || profile.Value.String() == "" {
		runtime.MemProfileRate = 0
	}
}

// processorTime is how long the process has kept a core busy so far, the garbage
// collector included.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
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
