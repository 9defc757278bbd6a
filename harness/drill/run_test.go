package drill_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/scenarios"
	"github.com/cyrdrill/cyrdrill/sim"
)

// parse reads a plan that the test expects to be right.
func parse(t testing.TB, text string) *plan.Plan {
	t.Helper()
	p, err := plan.Parse("test.yaml", []byte(text), drill.Names())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// incident is the scenario, with edits: pairs of old and new text.
func incident(t testing.TB, edits ...string) *plan.Plan {
	t.Helper()
	text, err := scenarios.Text("unreplicated-mail")
	if err != nil {
		t.Fatal(err)
	}
	edited := string(text)
	for i := 0; i < len(edits); i += 2 {
		if !strings.Contains(edited, edits[i]) {
			t.Fatalf("the scenario has no %q to change", edits[i])
		}
		edited = strings.ReplaceAll(edited, edits[i], edits[i+1])
	}
	return parse(t, edited)
}

func newPair(t testing.TB, p *plan.Plan) target.Pair {
	t.Helper()
	pair, err := sim.New().NewPair(t.Context(), target.Spec{Seed: p.Seed, Suite: p.Pair.Cyrus, Accounts: p.Accounts, RepeatInterval: p.Pair.RepeatInterval})
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

func run(t testing.TB, p *plan.Plan) *drill.Result {
	t.Helper()
	result, _ := drill.Run(t.Context(), p, newPair(t, p), drill.Options{Target: "sim"})
	return result
}

// wantVerdict also holds the result against its own schema.
func wantVerdict(t *testing.T, result *drill.Result, want property.Verdict, because string) {
	t.Helper()
	if result.Verdict != want {
		t.Fatalf("verdict %s, want %s: %s", result.Verdict, want, strings.Join(result.Reasons, "\n"))
	}
	if because != "" && (len(result.Reasons) == 0 || !strings.Contains(result.Reasons[0], because)) {
		t.Errorf("reasons %q, want first something with %q", result.Reasons, because)
	}
	text, err := json.Marshal(result)
	if err != nil {
		t.Fatal(err)
	}
	if err := drill.CheckResult(text); err != nil {
		t.Error(err)
	}
}

func TestIncidentPasses(t *testing.T) {
	for seed := range uint64(50) {
		p := incident(t)
		p.Seed = seed
		result := run(t, p)
		wantVerdict(t, result, property.Pass, "")
		if got := len(result.Findings); got != 12 {
			t.Errorf("seed %d: %d findings, want the 11 messages and the expunge that were never replicated", seed, got)
		}
		for _, mark := range result.Marks {
			if !mark.Reached {
				t.Errorf("seed %d: mark %s was not reached", seed, mark.Name)
			}
		}
		for _, p := range result.Properties {
			if p.Checked == 0 {
				t.Errorf("seed %d: %s passed without a promise to check", seed, p.Name)
			}
		}
	}
}

// What a property must see when the restore is not done, or done badly.
func TestBadRestoresFail(t *testing.T) {
	withoutRestore := []string{
		"  - restore: {restorer: copy-missing}\n", "",
		"    - uids-reused\n", "", "    - expunged-on-new-master\n", "",
		"    - mail-copied\n", "", "    - expunge-carried-over\n", "",
	}
	wantVerdict(t, run(t, incident(t, withoutRestore...)), property.Fail, "property 1 (no-loss) is broken 11 times")
	everything := run(t, incident(t, "copy-missing", "copy-everything"))
	wantVerdict(t, everything, property.Fail, "property 2 (no-resurrection) is broken once")
}

// A restore without the detector has nothing to go by.
func TestWithoutDetectionMailStaysLost(t *testing.T) {
	result := run(t, incident(t, "  - detect: {detector: index-compare, sides: freeze}\n", ""))
	wantVerdict(t, result, property.Fail, "property 1 (no-loss) is broken 11 times")
	if len(result.Findings) != 0 {
		t.Errorf("findings out of nowhere: %v", result.Findings)
	}
}

// A run that misses a mark fails, even where every property holds.
func TestMissedMarkFails(t *testing.T) {
	p := parse(t, `
apiVersion: cyrdrill/v1
name: calm
title: Nothing breaks
accounts: [alice]
steps:
  - deliver: {to: [alice], count: 2}
  - wait: {until: replicated}
  - expunge: {account: alice}
expect: {marks: [replica-behind-at-death], properties: [no-loss, no-resurrection]}
`)
	wantVerdict(t, run(t, p), property.Fail, "mark replica-behind-at-death was not reached")
}

// A property that nothing in the plan is about is unknown, not held.
func TestPropertyWithoutPromisesIsUnknown(t *testing.T) {
	p := parse(t, `
apiVersion: cyrdrill/v1
name: idle
title: Mail arrives and nobody expunges any
accounts: [alice]
steps: [deliver]
expect: {properties: [no-loss, no-resurrection]}
`)
	wantVerdict(t, run(t, p), property.Unknown, "property 2 (no-resurrection) could not be judged")
}

// deaf is a saboteur whose acts come to nothing.
type deaf struct{ target.Pair }

func (d deaf) Saboteur() target.Saboteur { return d }

func (deaf) Suspend(context.Context, target.ServerName, string) (target.Evidence, error) {
	return target.Evidence{Summary: "sent SIGSTOP", Facts: []target.Fact{{What: "state of sync_client", Before: "running", After: "running"}}}, nil
}

func (d deaf) Resume(ctx context.Context, s target.ServerName, p string) (target.Evidence, error) {
	return d.Suspend(ctx, s, p)
}

func (d deaf) KillServer(ctx context.Context, s target.ServerName) (target.Evidence, error) {
	return d.Suspend(ctx, s, "")
}

func TestFaultThatDidNotLandIsUnknown(t *testing.T) {
	p := incident(t)
	result, _ := drill.Run(t.Context(), p, deaf{newPair(t, p)}, drill.Options{Target: "sim"})
	wantVerdict(t, result, property.Unknown, "did not land")
	statuses := map[drill.StepStatus]int{}
	for _, step := range result.Steps {
		statuses[step.Status]++
	}
	if diff := cmp.Diff(map[drill.StepStatus]int{drill.StepDone: 3, drill.StepFailed: 1, drill.StepSkipped: 13}, statuses); diff != "" {
		t.Error(diff)
	}
	for _, outcome := range result.Properties {
		if outcome.Verdict != property.Unknown {
			t.Errorf("%s is %s after a drill that broke nothing", outcome.Name, outcome.Verdict)
		}
	}
}

// An interrupt ends the drill where it is; what was done is in the result.
func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	p := incident(t)
	var events []drill.Event
	result, _ := drill.Run(ctx, p, newPair(t, p), drill.Options{Target: "sim", Observe: func(e drill.Event) {
		events = append(events, e)
		if e.Kind == drill.EventStepEnded && e.Step == 5 {
			cancel()
		}
	}})
	wantVerdict(t, result, property.Unknown, "step 6 (append) failed")
	if !result.Interrupted || result.Steps[4].Status != drill.StepDone || result.Steps[15].Status != drill.StepSkipped {
		t.Errorf("interrupted %v, steps %v", result.Interrupted, result.Steps)
	}
	if last := events[len(events)-1]; last.Kind != drill.EventDrillEnded || !last.Failed {
		t.Errorf("the last event is %+v", last)
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

// A drill whose ledger could not be kept proves nothing.
func TestLedgerThatCannotBeWrittenIsUnknown(t *testing.T) {
	p := incident(t)
	result, _ := drill.Run(t.Context(), p, newPair(t, p), drill.Options{Target: "sim", Ledger: fullDisk{}})
	wantVerdict(t, result, property.Unknown, "no space left on device")
}

// A detector sees what the fault did and nothing else: its findings are the
// damage, no more and no less.
func TestFindingsAreTheDamage(t *testing.T) {
	result := run(t, incident(t))
	var damage, found []string
	for _, f := range result.Faults {
		for _, d := range f.Damage {
			if d.UID == 0 {
				continue // the server's, or an account's as a whole: no detector that compares indexes finds that
			}
			damage = append(damage, fmt.Sprint(d.Kind, " ", d.Place, " ", d.GUID))
		}
	}
	for _, f := range result.Findings {
		found = append(found, fmt.Sprint(f.Kind, " ", f.Place, " ", f.GUID))
	}
	slices.Sort(damage)
	slices.Sort(found)
	if diff := cmp.Diff(damage, found); diff != "" || len(found) == 0 {
		t.Errorf("damage (-) and findings (+):\n%s", diff)
	}
	for _, f := range result.Faults {
		if f.State != "healed" {
			t.Errorf("%s is %s after a restore that passed", f.Name, f.State)
		}
	}
}

func BenchmarkPlanOnSim(b *testing.B) {
	p := incident(b)
	for b.Loop() {
		if result := run(b, p); result.Verdict != property.Pass {
			b.Fatal(result.Reasons)
		}
	}
}
