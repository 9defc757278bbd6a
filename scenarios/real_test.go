package scenarios_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/scenarios"
	"github.com/cyrdrill/cyrdrill/sim"
)

// whole is the scenario as it comes with cyrdrill.
func whole(t *testing.T, name string) *plan.Plan {
	t.Helper()
	text, err := scenarios.Text(name)
	if err != nil {
		t.Fatal(err)
	}
	p, err := plan.Parse(scenarios.File(name), text, drill.Names())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Every scenario passes on real servers, with all marks, and shows there what it
// shows on the simulator: the same verdict, the same marks, the same findings.
func TestEveryScenarioPassesOnRealServers(t *testing.T) {
	for _, name := range scenarios.Names() {
		t.Run(name, func(t *testing.T) {
			p := whole(t, name)
			result := realDrills(t, p)(t, p)
			if result.Verdict != property.Pass {
				t.Errorf("%s: %s", result.Verdict, strings.Join(result.Reasons, "\n"))
			}
			for _, f := range result.Faults {
				if !f.Evidence.Landed() {
					t.Errorf("%s left no evidence: %+v", f.Name, f.Evidence)
				}
			}
			if diff := cmp.Diff(shown(simulated(t, p)), shown(result)); diff != "" {
				t.Errorf("what the simulator (-) and real servers (+) show:\n%s", diff)
			}
		})
	}
}

// Every scenario passes on the simulator, with all marks.
func TestEveryScenarioPassesOnTheSimulator(t *testing.T) {
	for _, name := range scenarios.Names() {
		t.Run(name, func(t *testing.T) {
			if result := simulated(t, whole(t, name)); result.Verdict != property.Pass {
				t.Errorf("%s: %s", result.Verdict, strings.Join(result.Reasons, "\n"))
			}
		})
	}
}

// simulated runs a plan on the simulator.
func simulated(t *testing.T, p *plan.Plan) *drill.Result {
	t.Helper()
	pair, err := sim.NewPair(t.Context(), target.Spec{Seed: p.Seed, Accounts: p.Accounts, RepeatInterval: p.Pair.RepeatInterval})
	if err != nil {
		t.Fatal(err)
	}
	result, _ := drill.Run(t.Context(), p, pair, drill.Options{Target: "sim"})
	return result
}

// shown is what two runs of one plan have to have in common: the verdict, each mark
// and whether it was reached, and what detectors found.
func shown(result *drill.Result) []string {
	lines := []string{"verdict " + string(result.Verdict)}
	for _, m := range result.Marks {
		lines = append(lines, fmt.Sprintf("mark %s: %v, at step %d", m.Name, m.Reached, m.Step))
	}
	var findings []string
	for _, f := range result.Findings {
		findings = append(findings, "found "+f.Key())
	}
	slices.Sort(findings)
	return append(lines, findings...)
}

// Whoever interrupts a drill amid the failback gets a result that says so, and a
// pair with one master that has everything.
func TestInterruptAmidFailback(t *testing.T) {
	const text = `
apiVersion: cyrdrill/v1
name: switchover
title: A planned switch of roles
seed: 1
pair: {cyrus: bookworm, repeatInterval: 0s}
accounts: [alice]
steps:
  - deliver: {count: 3}
  - failback
  - deliver: {count: 1}
expect:
  marks: [roles-swapped]
  properties: [no-loss]
`
	p, err := plan.Parse("switchover.yaml", []byte(text), drill.Names())
	if err != nil {
		t.Fatal(err)
	}
	pair := realPair(t, p)
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	result, _ := drill.Run(ctx, p, pair, drill.Options{Target: "docker", Observe: func(e drill.Event) {
		if e.Kind == drill.EventStepStarted && e.Step == 2 {
			time.AfterFunc(350*time.Millisecond, interrupt)
		}
	}})
	if !result.Interrupted || result.Verdict != property.Unknown || result.Steps[2].Status == drill.StepDone {
		t.Errorf("%s, interrupted: %v, steps: %+v", result.Verdict, result.Interrupted, result.Steps)
	}
	serving := pair.Serving()
	if pair.Role(serving.Name()) != target.RoleMaster || pair.Role(serving.Name().Other()) != target.RoleReplica {
		t.Errorf("%s serves as %s, beside a %s", serving.Name(), pair.Role(serving.Name()), pair.Role(serving.Name().Other()))
	}
	snap, err := target.TakeSnapshot(t.Context(), serving, "alice", target.LevelBody)
	if err != nil {
		t.Fatal(err)
	}
	if inbox, _ := snap.Mailbox("INBOX"); len(inbox.Live()) != 3 {
		t.Errorf("%d messages of 3 are left", len(inbox.Live()))
	}
}
