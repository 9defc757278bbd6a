package detect_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/cyrus/cyrustest"
	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/detect/baseline"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// What detectors find on the simulator they find on real servers, and a pair that is well
// leaves all of them and the baselines silent.
func TestDetectorsFindOnRealServersWhatTheyClaim(t *testing.T) {
	pair := cyrustest.Pair(t, target.Spec{Accounts: accounts})
	fresh := func(t *testing.T) {
		t.Helper()
		if err := pair.Reset(t.Context(), accounts); err != nil {
			t.Fatal(err)
		}
		furnish(t, pair)
	}
	t.Run("a pair that is well", func(t *testing.T) {
		fresh(t)
		before := filesOf(t, pair)
		found, err := look(t.Context(), pair, detect.All()...)
		if err != nil || len(found) > 0 {
			t.Errorf("found %v, %v", found, err)
		}
		for name, text := range filesOf(t, pair) {
			if before[name] != text {
				t.Errorf("%s was %q before any detector looked, and is %q", name, before[name], text)
			}
		}
		for _, d := range baseline.All(pair.Operator()) {
			if found, err := look(t.Context(), pair, d); err != nil || len(found) > 0 {
				t.Errorf("%s found %v, %v", d.Name(), found, err)
			}
		}
	})
	tried := map[string]int{}
	for _, tc := range claimCases() {
		const enough = 2
		if tried[tc.detector]++; tried[tc.detector] > enough && !*everyFault {
			continue
		}
		t.Run(fmt.Sprintf("%s on %s by %s", tc.fault, tc.on, tc.detector), func(t *testing.T) {
			fresh(t)
			tc.check(t, pair)
			if t.Failed() || slices.Contains([]string{"log-watch", "crash-watch"}, tc.detector) {
				for _, server := range pair.Servers() {
					log, err := server.Host().Syslog(t.Context())
					t.Logf("%s has logged, %v:\n%s", server.Name(), err, log)
				}
			}
		})
	}
}
