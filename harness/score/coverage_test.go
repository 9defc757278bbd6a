package score_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/fault"
	"github.com/cyrdrill/cyrdrill/harness/score"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

func faultsNamed(t *testing.T, names ...string) []fault.Fault {
	t.Helper()
	var faults []fault.Fault
	for _, name := range names {
		f, ok := fault.ByName(name)
		if !ok {
			t.Fatalf("no fault %s", name)
		}
		faults = append(faults, f)
	}
	return faults
}

// cellOf is one cell of a coverage of the simulator's bookworm.
func cellOf(t *testing.T, c score.Coverage, name string, role target.Role) score.Covered {
	t.Helper()
	for _, cell := range c {
		if cell.Version == (score.Version{Target: "sim", Suite: "bookworm"}) && cell.Fault == name && cell.Role == role {
			return cell
		}
	}
	t.Fatalf("no cell of %s on the %s", name, role)
	return score.Covered{}
}

// A fault that was left out shows as not tried, beside one that was tried and found, one
// that was tried and missed, one that did no damage, and one that left no evidence.
func TestCoverage(t *testing.T) {
	faults := faultsNamed(t, "flags-changed", "message-file-flipped", "server-restarted", "sync-log-truncated")
	s := scoreOnSim(t, append(faults, idle{faults[0]}), func(target.Pair) []detect.Detector { return []detect.Detector{detect.IndexCompare{}} })
	c := score.Cover(s)
	for _, tc := range []struct {
		fault  string
		role   target.Role
		state  score.State
		mark   string
		object fault.Object
	}{
		{"flags-changed", target.RoleMaster, score.Tried, "1/1", fault.Index},
		{"flags-changed", target.RoleRescued, score.NotTried, "–", fault.Index},
		{"message-file-flipped", target.RoleReplica, score.Tried, "0/1", fault.Message},
		{"server-restarted", target.RoleReplica, score.Tried, "quiet", fault.Process},
		{"sync-log-truncated", target.RoleReplica, score.NoSense, "n/a", fault.SyncLog},
		{"idle", target.RoleMaster, score.AllVoid, "void", fault.Index},
		{"acl-changed", target.RoleMaster, score.NotTried, "–", fault.AccountData}, // the hole
	} {
		got := cellOf(t, c, tc.fault, tc.role)
		if got.State != tc.state || got.Mark() != tc.mark || got.Object != tc.object {
			t.Errorf("%s on the %s: %+v, %s; want %s %q, %s", tc.fault, tc.role, got, got.Mark(), tc.state, tc.mark, tc.object)
		}
	}
	if tried := c.Count(score.Tried); tried != 7 {
		t.Errorf("%d cells were tried", tried)
	}
	for _, f := range fault.All() {
		for _, v := range score.Versions() {
			if !slices.ContainsFunc(c, func(cell score.Covered) bool { return cell.Fault == f.Name() && cell.Version == v }) {
				t.Errorf("%s on %s has no cell", f.Name(), v)
			}
		}
	}
}

// In each form of a score the hole can be seen, and the fault that was tried is none.
func TestAHoleShowsInEveryForm(t *testing.T) {
	s := scoreOnSim(t, faultsNamed(t, "flags-changed"), all)
	var text, page, values, table strings.Builder
	for _, err := range []error{s.WriteText(&text), s.WriteHTML(&page), s.WriteJSON(&values), s.WriteCSV(&table)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	_, untried, _ := strings.Cut(text.String(), "NOT TRIED anywhere, account-data: ")
	if line, _, _ := strings.Cut(untried, "\n"); !slices.Contains(strings.Split(line, ", "), "acl-changed") {
		t.Errorf("text: %s", text.String())
	}
	if strings.Contains(untried, "flags-changed") || !strings.Contains(text.String(), "NOT TRIED on docker trixie: master, replica, rescued\n") {
		t.Errorf("text: %s", text.String())
	}
	for role, want := range map[string]string{
		"acl-changed on the master": "not tried", "flags-changed on the master": "1/1", "flags-changed on the rescued": "not tried",
	} {
		_, cell, _ := strings.Cut(page.String(), `title="`+role+`, sim bookworm: `)
		if _, cell, _ = strings.Cut(cell, ">"); !strings.HasPrefix(cell, want+"<") {
			t.Errorf("HTML, %s: %.30q", role, cell)
		}
	}
	var read struct{ Coverage score.Coverage }
	if err := json.Unmarshal([]byte(values.String()), &read); err != nil {
		t.Fatal(err)
	}
	if cell := cellOf(t, read.Coverage, "acl-changed", target.RoleMaster); cell.State != score.NotTried {
		t.Errorf("JSON: %+v", cell)
	}
	rows, err := csv.NewReader(strings.NewReader(table.String())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	states := map[string]string{}
	for _, row := range rows {
		states[strings.Join([]string{row[0], row[slices.Index(rows[0], "suite")], row[2], row[4]}, " ")] = row[slices.Index(rows[0], "state")]
	}
	for key, want := range map[string]string{
		"sim bookworm acl-changed master": "not tried", "sim bookworm flags-changed master": "tried", "docker trixie flags-changed master": "not tried",
	} {
		if states[key] != want {
			t.Errorf("CSV, %s: %q", key, states[key])
		}
	}
}

// Two scores together cover what either does.
func TestCoverageOfTwoScores(t *testing.T) {
	a, b := scoreOnSim(t, faultsNamed(t, "flags-changed"), all), scoreOnSim(t, faultsNamed(t, "flags-changed", "acl-changed"), all)
	b.Suite = "trixie"
	c := score.Cover(a, b)
	if cell := cellOf(t, c, "acl-changed", target.RoleMaster); cell.State != score.NotTried || c.Count(score.Tried) != 6 {
		t.Errorf("%+v, %d tried", cell, c.Count(score.Tried))
	}
}

// Each trial begins with the roles that a new pair has, whatever the last one left.
func TestARoleIsThatOfItsTrial(t *testing.T) {
	for _, trial := range scoreOnSim(t, faultsNamed(t, "hasty-failover", "flags-changed"), all).Trials {
		if want := map[target.ServerName]target.Role{target.Imap1: target.RoleMaster, target.Imap2: target.RoleReplica}[trial.On]; trial.Role != want {
			t.Errorf("%s on %s: it is the %s", trial.Fault, trial.On, trial.Role)
		}
	}
}

// A run that is ended early has the trials that it made, says that it is partial, and
// does not pass for a whole one.
func TestAnInterruptedScoreIsPartial(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s, err := score.Run(ctx, score.Options{
		Target: sim.New(), Suite: "bookworm", Seed: 1, Faults: faultsNamed(t, "flags-changed", "acl-changed"), Detectors: all,
		Observe: func(done, _ int, _ score.Trial) {
			if done == 3 {
				cancel()
			}
		},
	})
	if err == nil || len(s.Trials) != 3 || s.Planned != 4 || s.Partial != "3 of 4 trials were made: interrupted" {
		t.Fatalf("%v; %d of %d trials, partial %q", err, len(s.Trials), s.Planned, s.Partial)
	}
	if failures, unknowns := s.Shortcomings(); len(failures) != 0 || len(unknowns) != 1 {
		t.Errorf("failures %q, unknowns %q", failures, unknowns)
	}
	var text, page, table strings.Builder
	for _, err := range []error{s.WriteText(&text), s.WriteHTML(&page), s.WriteCSV(&table)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if !strings.HasPrefix(text.String(), "PARTIAL SCORE: ") || !strings.Contains(page.String(), `<p class="partial">`) || !strings.Contains(table.String(), s.Partial) {
		t.Error("a form does not say that it is partial")
	}
	if cell := cellOf(t, score.Cover(s), "acl-changed", target.RoleReplica); cell.State != score.NotTried {
		t.Errorf("the trial that was not made: %+v", cell)
	}
}

// What the end of a run cuts off is no trial, as neither is what its time cuts off.
func TestATrialThatIsCutOffIsNone(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s, err := score.Run(ctx, score.Options{
		Target: sim.New(), Suite: "bookworm", Seed: 1, Faults: faultsNamed(t, "flags-changed"),
		Detectors: func(target.Pair) []detect.Detector { return []detect.Detector{ending{detect.Access{}, cancel}} },
	})
	if err == nil || len(s.Trials) != 0 {
		t.Errorf("%v, %d trials", err, len(s.Trials))
	}
}

// ending is a detector while which somebody interrupts the run.
type ending struct {
	detect.Detector
	end context.CancelFunc
}

func (e ending) Detect(ctx context.Context, scene detect.Scene) ([]detect.Finding, error) {
	e.end()
	return e.Detector.Detect(ctx, scene)
}
