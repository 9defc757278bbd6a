package scenarios_test

import (
	"flag"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/cyrus/cyrustest"
	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/scenarios"
)

const incident = "replica-behind-and-corrupt"

// realDrills returns a function that runs plans of one scenario's accounts on
// one pair of real servers, which is reset in between.
func realDrills(t *testing.T, first *plan.Plan) func(*testing.T, *plan.Plan) *drill.Result {
	t.Helper()
	pair := realPair(t, first)
	used := false
	return func(t *testing.T, p *plan.Plan) *drill.Result {
		t.Helper()
		if used {
			if err := pair.Reset(t.Context(), p.Accounts); err != nil {
				t.Fatal(err)
			}
		}
		used = true
		result, _ := drill.Run(t.Context(), p, pair, drill.Options{Target: "docker"})
		return result
	}
}

// realPair returns a pair of real servers for a plan.
func realPair(t *testing.T, p *plan.Plan) target.Pair {
	t.Helper()
	return cyrustest.Pair(t, target.Spec{Accounts: p.Accounts, RepeatInterval: p.Pair.RepeatInterval, MovingClock: true})
}

// without is the scenario without the one step that holds the text.
func without(t *testing.T, name, step string) *plan.Plan {
	t.Helper()
	return edited(t, name, func(line string) []string {
		if strings.HasPrefix(line, "  - ") && strings.Contains(line, step) {
			return nil
		}
		return []string{line}
	})
}

// edited is the scenario with another number of lines in the place of one.
func edited(t *testing.T, name string, edit func(line string) []string) *plan.Plan {
	t.Helper()
	text, err := scenarios.Text(name)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	var changed []string
	for _, line := range lines {
		changed = append(changed, edit(line)...)
	}
	if difference := len(changed) - len(lines); difference != 1 && difference != -1 {
		t.Fatalf("the edit of %s has changed its number of lines by %d, not by one", name, difference)
	}
	p, err := plan.Parse(scenarios.File(name), []byte(strings.Join(changed, "\n")), drill.Names())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// broken returns the names of the properties that the result calls broken.
func broken(result *drill.Result) []string {
	var names []string
	for _, p := range result.Properties {
		if p.Verdict == property.Fail {
			names = append(names, p.Name)
		}
	}
	return names
}

var everyRepair = flag.Bool("every-repair", false, "leave out each repair on real servers, which takes about a minute each; without it, two of them")

// repair is a step of the incident, and what is broken without it.
type repair struct {
	step      string
	must, may []string // be broken, and nothing else
}

func (r repair) name() string {
	return strings.TrimPrefix(strings.TrimPrefix(r.step, "restorer: "), "detector: ")
}

func repairs() []repair {
	return []repair{
		{"restorer: rebuild-mailboxes", []string{"no-loss", "access"}, []string{"no-resurrection", "state-kept", "rules-current"}},
		{"restorer: restore-scripts", []string{"rules-current"}, []string{"convergence"}},
		{"restorer: restore-mailboxes", []string{"state-kept"}, []string{"no-loss", "no-resurrection", "access"}},
		{"restorer: copy-missing", []string{"no-loss"}, nil},
		{"restorer: carry-expunges", []string{"no-resurrection"}, nil},
		{"restorer: merge-flags", []string{"state-kept"}, nil},
		{"restorer: merge-settings", []string{"state-kept"}, nil},
		{"detector: client-caches", []string{"imap-promises"}, nil},
		{"detector: index-compare", []string{"no-loss"}, []string{"no-resurrection"}},
	}
}

// Each repair of the incident is needed: without it the drill fails, and names
// the promises that this repair keeps.
func TestIncidentNeedsEachOfItsRepairs(t *testing.T) {
	for _, r := range repairs() {
		t.Run(r.name(), func(t *testing.T) {
			wantBroken(t, simulated(t, without(t, incident, r.step)), r.must, r.may)
		})
	}
}

// The same on real servers, for the most important two in CI.
func TestRealIncidentNeedsItsRepairs(t *testing.T) {
	drillOn := realDrills(t, without(t, incident, "restorer: merge-flags"))
	for _, r := range repairs() {
		t.Run(r.name(), func(t *testing.T) {
			if inCI := []string{"copy-missing", "rebuild-mailboxes"}; !*everyRepair && !slices.Contains(inCI, r.name()) {
				t.Skip("asked for by -every-repair, as `make faults` does")
			}
			wantBroken(t, drillOn(t, without(t, incident, r.step)), r.must, r.may)
		})
	}
}

// wantBroken wants the result to be a fail that names all of the properties that
// must be broken, and beyond them only such as may be.
func wantBroken(t *testing.T, result *drill.Result, must, may []string) {
	t.Helper()
	got, reasons := broken(result), strings.Join(result.Reasons, "\n")
	for _, name := range must {
		if !slices.Contains(got, name) || !strings.Contains(reasons, "("+name+") is broken") {
			t.Errorf("%s is not named as broken", name)
		}
	}
	for _, name := range got {
		if !slices.Contains(must, name) && !slices.Contains(may, name) {
			t.Errorf("%s is broken as well", name)
		}
	}
	if result.Verdict != property.Fail {
		t.Errorf("verdict %s, want fail", result.Verdict)
	}
	if t.Failed() {
		t.Log(reasons)
	}
}

// Two mailboxes of the rescued store cannot be opened. What can be brought over
// is, the rest is called lost, and the store in which it may still be is not
// emptied.
func TestIncidentWithARottenRescuedStore(t *testing.T) {
	p := edited(t, incident, func(line string) []string {
		if strings.Contains(line, "name: process-killed") {
			return []string{"  - fault: {name: index-truncated, on: master, count: 2}", line}
		}
		return []string{line}
	})
	result := realDrills(t, p)(t, p)
	wantBroken(t, result, []string{"no-loss"}, []string{"no-resurrection", "state-kept", "imap-promises"})
	reasons := strings.Join(result.Reasons, "\n")
	if !strings.Contains(reasons, "imap1 was left as it is, for to empty it would destroy 2 ") {
		t.Errorf("the resync was not refused: %s", reasons)
	}
	for _, r := range result.Restores {
		if r.Plan.Restorer == "copy-missing" && (r.Report.Copied == 0 || len(r.Report.Left) > 0) {
			t.Errorf("copied %d, left %v", r.Report.Copied, r.Report.Left)
		}
	}
	for _, v := range result.Properties[0].Violations {
		if o := result.Accounts[slices.Index(p.Accounts, v.Account)]; o.State != drill.Harmed || !strings.Contains(strings.Join(o.Words, " "), " lost.") {
			t.Errorf("%s is %s, and is told %q", v.Account, o.State, o.Words)
		}
	}
}

// The new master dies while messages are being copied to it. Nothing is called
// restored that is not, and the rescued store still has all.
func TestNewMasterDiesAmidTheRestore(t *testing.T) {
	p := whole(t, "unreplicated-mail")
	pair := realPair(t, p)
	var before []target.Snapshot
	result, _ := drill.Run(t.Context(), p, pair, drill.Options{Target: "docker", Observe: func(e drill.Event) {
		if before == nil && strings.HasPrefix(e.Text, "planned: ") && strings.Contains(e.Text, " × put-back") {
			before = rescued(t, pair, p.Accounts)
			if _, err := pair.Saboteur().KillServer(t.Context(), target.Imap2); err != nil {
				t.Error(err)
			}
		}
	}})
	if before == nil {
		t.Fatal("nothing was planned to be put back")
	}
	// Accounts are read side by side: which of them meets the dead server first is free.
	unread := regexp.MustCompile(`\(restore\) failed: reading what the restore is about: taking index snapshot of [a-z]+ on imap2`)
	if result.Verdict == property.Pass || !unread.MatchString(strings.Join(result.Reasons, "\n")) {
		t.Errorf("%s: %q", result.Verdict, result.Reasons)
	}
	if did := result.Restores[0].Report; did.Copied+did.PutBack > 0 {
		t.Errorf("the report tells of %d messages brought to a dead server", did.Copied+did.PutBack)
	}
	for i, after := range rescued(t, pair, p.Accounts) {
		if diffs := target.Diff(before[i], after); len(diffs) > 0 {
			t.Errorf("the rescued store has changed: %v", diffs)
		}
	}
}

func rescued(t *testing.T, pair target.Pair, accounts []string) []target.Snapshot {
	t.Helper()
	taken, err := target.TakeSnapshots(t.Context(), pair.Executor(), accounts, target.LevelBody, pair.Server(target.Imap1))
	if err != nil {
		t.Fatal(err)
	}
	var snaps []target.Snapshot
	for _, account := range accounts {
		snaps = append(snaps, taken[target.Imap1][account])
	}
	return snaps
}
