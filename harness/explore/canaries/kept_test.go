package canaries_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/explore"
	"github.com/cyrdrill/cyrdrill/harness/plan"
)

// kept is a kill that was written down: the smallest plan lies beside.
type kept struct {
	Canary string       `json:"canary"`
	Drills int          `json:"drills"` // until exploration had killed it
	Sort   explore.Sort `json:"sort"`
	By     string       `json:"by"` // the property or the detector
	Says   string       `json:"says"`
}

const keptList = "testdata/kills.json"

func planFile(canary string) string { return filepath.Join("testdata", canary+".yaml") }

// readKept returns the kills that were written down, by canary.
func readKept(t testing.TB) map[string]kept {
	t.Helper()
	text, err := os.ReadFile(keptList)
	if err != nil {
		t.Fatal(err)
	}
	var list []kept
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	kills := map[string]kept{}
	for _, k := range list {
		kills[k.Canary] = k
	}
	return kills
}

// readPlan returns the smallest plan that kills a canary.
func readPlan(t testing.TB, canary string) *plan.Plan {
	t.Helper()
	text, err := os.ReadFile(planFile(canary))
	if err != nil {
		t.Fatal(err)
	}
	p, err := plan.Parse(planFile(canary), text, drill.Names())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// keep makes the plan that killed a canary as small as it can, and writes both down.
func keep(ctx context.Context, t testing.TB, b bird, k kill) error {
	if b.drill != nil {
		return note(t, kept{b.name, k.drills, k.failure.Sort, k.failure.Name, k.failure.Text})
	}
	fails := func(ctx context.Context, p *plan.Plan) ([]explore.Failure, error) { return killers(ctx, t, b, p) }
	small, err := explore.Shrinker{}.Reduce(ctx, k.plan, k.failure, fails)
	if err != nil {
		return err
	}
	failures, err := fails(ctx, small)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(failures, func(f explore.Failure) bool { return f.Key() == k.failure.Key() })
	if at < 0 {
		return fmt.Errorf("the smallest plan does not fail of %s", k.failure)
	}
	named := *small
	named.Name, named.Title = b.name, "The smallest plan that shows: "+b.what
	if err := os.WriteFile(planFile(b.name), plan.Format(&named), 0o644); err != nil {
		return err
	}
	return note(t, kept{b.name, k.drills, k.failure.Sort, k.failure.Name, failures[at].Text})
}

// note adds a kill to those that are written down.
func note(t testing.TB, k kept) error {
	kills := readKept(t)
	kills[k.Canary] = k
	return writeKept(kills)
}

// writeKept writes down the kills of the canaries that there are, in their order.
func writeKept(kills map[string]kept) error {
	list := []kept{}
	for _, b := range birds() {
		if k, known := kills[b.name]; known {
			list = append(list, k)
		}
	}
	text, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(keptList, append(text, '\n'), 0o644)
}
