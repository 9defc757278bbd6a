package scenarios_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/scenarios"
	"github.com/cyrdrill/cyrdrill/sim"
)

var restoreStep = regexp.MustCompile(`restorer: ([a-z-]+)[^}]*\}`)

// upToTheRestore is the incident until all is restored, with more to say of each
// restore for which that is right.
func upToTheRestore(t *testing.T, more string, of func(restorer string) bool) *plan.Plan {
	t.Helper()
	text, err := scenarios.Text(incident)
	if err != nil {
		t.Fatal(err)
	}
	steps, rest, ok := strings.Cut(string(text), "  # Replication the other way round")
	_, expect, okToo := strings.Cut(rest, "\nexpect:")
	if !ok || !okToo {
		t.Fatal("the incident is not as it was")
	}
	whole := restoreStep.ReplaceAllStringFunc(steps, func(step string) string {
		restorer := restoreStep.FindStringSubmatch(step)[1]
		if !of(restorer) {
			return "restorer: " + restorer + "}"
		}
		return "restorer: " + restorer + more + "}"
	}) + "\nexpect:" + expect
	for _, later := range []string{"    - resynced\n", "    - roles-swapped\n", "    - restore-killed\n", "    - convergence\n"} {
		whole = strings.Replace(whole, later, "", 1)
	}
	p, err := plan.Parse(scenarios.File(incident), []byte(whole), drill.Names())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// left is what a drill leaves on the server that serves, to the body, and how often a
// restore in it was killed.
func left(t *testing.T, p *plan.Plan) (snaps map[string]target.Snapshot, kills int) {
	t.Helper()
	pair, err := sim.NewPair(t.Context(), target.Spec{Seed: p.Seed, Accounts: p.Accounts})
	if err != nil {
		t.Fatal(err)
	}
	result, _ := drill.Run(t.Context(), p, pair, drill.Options{Target: "sim", Observe: func(e drill.Event) {
		if strings.HasPrefix(e.Text, "the restore was killed") {
			kills++
		}
	}})
	if result.Verdict != property.Pass {
		t.Fatalf("%s: %s", result.Verdict, strings.Join(result.Reasons, "\n"))
	}
	taken, err := target.TakeSnapshots(t.Context(), pair.Executor(), p.Accounts, target.LevelBody, pair.Serving())
	if err != nil {
		t.Fatal(err)
	}
	return taken[pair.Serving().Name()], kills
}

// The incident with each restore killed five times at random is right in the end.
func TestIncidentWithEachRestoreKilled(t *testing.T) {
	if _, kills := left(t, upToTheRestore(t, ", kills: 5", func(string) bool { return true })); kills < 20 {
		t.Errorf("restores were killed %d times only", kills)
	}
}

// It ends in the same state as without, with one worker as with many. The mailboxes are
// rebuilt undisturbed: users go on after that, and at another time they do other things.
func TestIncidentWithRestoresKilledEndsAlike(t *testing.T) {
	afterwards := func(restorer string) bool { return restorer != "rebuild-mailboxes" }
	want, _ := left(t, upToTheRestore(t, ", workers: 1", afterwards))
	for _, workers := range []int{1, 4, 16} {
		got, kills := left(t, upToTheRestore(t, fmt.Sprintf(", workers: %d, kills: 5", workers), afterwards))
		if kills < 20 {
			t.Errorf("%d workers: restores were killed %d times only", workers, kills)
		}
		result := property.Repeatable{}.Check(property.Scene{Repeats: []property.Repeat{{What: "killed", Server: target.Imap2, Want: want, Got: got}}})
		if result.Verdict != property.Pass {
			t.Errorf("%d workers: %v", workers, result.Violations)
		}
	}
}

// All in one plan does what the restores do one after the other: the whole incident
// passes, also with that one killed.
func TestIncidentInOnePlan(t *testing.T) {
	text, err := scenarios.Text(incident)
	if err != nil {
		t.Fatal(err)
	}
	const first, last = "  - restore: {restorer: restore-scripts}\n", "  - restore: {restorer: merge-settings}\n"
	before, rest, ok := strings.Cut(string(text), first)
	_, after, okToo := strings.Cut(rest, last)
	if !ok || !okToo {
		t.Fatal("the incident is not as it was")
	}
	for seed := range uint64(5) {
		p, err := plan.Parse(scenarios.File(incident), []byte(before+"  - restore: {restorer: restore-everything, kills: 5}\n"+after), drill.Names())
		if err != nil {
			t.Fatal(err)
		}
		p.Seed += seed
		if result := simulated(t, p); result.Verdict != property.Pass {
			t.Errorf("seed %d: %s: %s", p.Seed, result.Verdict, strings.Join(result.Reasons, "\n"))
		}
	}
}
