package scenarios_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/cyrus/cyrustest"
	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/scenarios"
	"github.com/cyrdrill/cyrdrill/sim"
)

// suites are those on which every plan that once found something is run: the bugs that
// are known are in the one, or in the other, or in neither.
var suites = []string{"bookworm", "trixie"}

// found says what a plan found, where and when.
var found = regexp.MustCompile(`(?m)^Found on \S.* in [A-Z][a-z]+ 20[0-9]{2}, `)

func TestEachRegressionSaysWhatItFound(t *testing.T) {
	for _, name := range scenarios.Regressions() {
		p := whole(t, name)
		if p.Name != name || slices.Contains(scenarios.Names(), name) {
			t.Errorf("%s calls itself %q, and a scenario may not be called so", scenarios.File(name), p.Name)
		}
		if !found.MatchString(p.Description) {
			t.Errorf("%s does not say \"Found on … in MONTH YEAR, by …\"", name)
		}
	}
}

// wantAsExpected is a pass, or on a Cyrus with the bug the failure that is expected.
func wantAsExpected(t *testing.T, result *drill.Result) {
	t.Helper()
	t.Logf("Cyrus %s: %s", result.Cyrus, result.InWords())
	if result.Bottom() != property.Pass {
		t.Errorf("%s: %s", result.Verdict, strings.Join(result.Reasons, "\n"))
	}
	if e := result.Expected; e != nil && e.Applies != result.FailedAsExpected() {
		t.Errorf("the bug is in this Cyrus: %v, and the drill failed as expected: %v", e.Applies, result.FailedAsExpected())
	}
}

// On the simulator each fails where the bug is that it found, and passes where it is not.
func TestRegressionsOnTheSimulator(t *testing.T) {
	for _, name := range scenarios.Regressions() {
		outcomes := map[string]bool{}
		for _, suite := range suites {
			t.Run(name+" on "+suite, func(t *testing.T) {
				p := on(t, name, suite)
				pair, err := sim.New().NewPair(t.Context(), drill.Spec(p))
				if err != nil {
					t.Fatal(err)
				}
				result, _ := drill.Run(t.Context(), p, pair, drill.Options{Target: "sim"})
				wantAsExpected(t, result)
				outcomes[result.InWords()] = true
			})
		}
		if whole(t, name).Fails != nil && len(outcomes) != len(suites) {
			t.Errorf("%s shows its bug on all of %v or on none: %v", name, suites, outcomes)
		}
	}
}

// On real servers as well.
func TestRegressionsOnRealServers(t *testing.T) {
	for _, suite := range suites {
		pairs := cyrustest.Pool(t, suite, 2) // one at its reset while the other is drilled
		for _, name := range scenarios.Regressions() {
			t.Run(name+" on "+suite, func(t *testing.T) {
				p := on(t, name, suite)
				pair, err := pairs.NewPair(t.Context(), drill.Spec(p))
				if err != nil {
					t.Fatal(err)
				}
				result, _ := drill.Run(t.Context(), p, pair, drill.Options{Target: "docker"})
				if err := pair.Close(t.Context()); err != nil {
					t.Error(err)
				}
				wantAsExpected(t, result)
			})
		}
	}
}

// on is a plan on the Cyrus of a suite.
func on(t *testing.T, name, suite string) *plan.Plan {
	t.Helper()
	p := whole(t, name)
	p.Pair.Cyrus = suite
	return p
}
