package score_test

import (
	"flag"
	"strings"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/cyrus"
	"github.com/cyrdrill/cyrdrill/harness/cyrus/cyrustest"
	"github.com/cyrdrill/cyrdrill/harness/fault"
	"github.com/cyrdrill/cyrdrill/harness/score"
)

var everyFault = flag.Bool("every-fault", false, "score with every fault on real servers; without it, one of each group")

// groups are one fault of each group, which stand for the rest in CI.
var groups = []string{"replication-stopped", "index-truncated", "guids-swapped", "message-file-flipped", "script-stale", "mailbox-entry-lost"}

// Real servers give the same score as the simulator, cell by cell, and are not changed
// by anybody's look.
func TestScorecardOnRealServers(t *testing.T) {
	cyrustest.Need(t)
	faults := fault.All()
	if !*everyFault {
		faults = nil
		for _, name := range groups {
			f, ok := fault.ByName(name)
			if !ok {
				t.Fatalf("no fault %s", name)
			}
			faults = append(faults, f)
		}
	}
	real, err := score.Run(t.Context(), score.Options{
		Target: cyrus.New(), Suite: "bookworm", Faults: faults, Detectors: all, Untouched: true,
		Observe: func(done, of int, trial score.Trial) {
			t.Logf("%d of %d: %s on the %s", done, of, trial.Fault, trial.Role)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	failures, unknowns := real.Shortcomings()
	for _, line := range append(failures, unknowns...) {
		t.Error(line)
	}
	for _, d := range score.Compare(scoreOnSim(t, faults, all), real) {
		if unclaimed := "+.x"; strings.Contains(unclaimed, d.A) && strings.Contains(unclaimed, d.B) {
			continue // what a log says beside, and which look a dying process spoils, is chance
		}
		t.Errorf("%s on the %s, %s: %q on the simulator, %q on real servers", d.Fault, d.Role, d.Detector, d.A, d.B)
	}
}
