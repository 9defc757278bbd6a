package canaries_test

import (
	"context"
	"flag"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/explore"
)

var (
	all    = flag.Bool("all", false, "hunt every canary, not a share of them")
	share  = flag.Int("share", time.Now().YearDay(), "which share of the canaries is hunted: the day of the year")
	only   = flag.String("only", "", "hunt this canary alone")
	within = flag.Duration("within", 0, "for how long each is hunted at most; 0: as long as it takes")
	most   = flag.Int("drills", 12_000, "in how many drills each has to be killed: as many as a core makes in a minute")
	write  = flag.Bool("write", false, "write down what killed those that were hunted, and docs/canaries.md")
)

// shares is in how many shares the canaries are hunted where not all of them are: each
// takes less than a minute, and none waits for longer than so many days.
const shares = 12

// hunted says whether a canary's turn has come.
func hunted(i int, b bird) bool {
	if *only != "" {
		return b.name == *only
	}
	return *all || i%shares == *share%shares
}

// A survivor is a hole in the properties, in the generator or in the detectors.
func TestExplorationKillsEachCanary(t *testing.T) {
	for i, b := range birds() {
		if !hunted(i, b) {
			continue
		}
		t.Run(b.name, func(t *testing.T) {
			ctx := t.Context()
			if *within > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, *within)
				defer cancel()
			}
			k, err := hunt(ctx, t, b, *most)
			if err != nil {
				t.Fatalf("%s: %s: %s", b.where, b.what, err)
			}
			t.Logf("killed after %d drills: %s", k.drills, k.failure)
			if *write {
				if err := keep(t.Context(), t, b, k); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// What killed each canary once kills it still, by the same verdict; and nothing is wrong
// with the same plan without a canary.
func TestKeptPlansKill(t *testing.T) {
	kills := readKept(t)
	for _, b := range birds() {
		t.Run(b.name, func(t *testing.T) {
			k, known := kills[b.name]
			if !known {
				t.Fatalf("nothing has killed it yet: go test ./harness/explore/canaries -only %s -write", b.name)
			}
			if b.drill != nil {
				if _, failures, err := try(t.Context(), t, b, k.Drills-1); err != nil || len(failures) == 0 {
					t.Errorf("drill %d does not kill it any more: %v", k.Drills-1, err)
				}
				return
			}
			p := readPlan(t, b.name)
			if failures, err := b.failuresOf(t.Context(), b.holdTo(p), planted{}); err != nil || len(failures) > 0 {
				t.Fatalf("its plan fails without it, so it shows nothing: %v %v", failures, err)
			}
			failures, err := killers(t.Context(), t, b, p)
			if err != nil || !slices.ContainsFunc(failures, func(f explore.Failure) bool { return f.Sort == k.Sort && f.Name == k.By }) {
				t.Errorf("%s %s does not kill it any more: %v %v", k.Sort, k.By, failures, err)
			}
		})
	}
}

func TestBirds(t *testing.T) {
	const least = 30
	names := map[string]bool{}
	for _, b := range birds() {
		if names[b.name] || b.where == "" || b.what == "" || strings.ToLower(b.name) != b.name {
			t.Errorf("%q, in %q: %q", b.name, b.where, b.what)
		}
		names[b.name] = true
	}
	if len(names) < least {
		t.Errorf("%d canaries, want %d at least", len(names), least)
	}
	for name := range readKept(t) {
		if !names[name] {
			t.Errorf("a kill of %s is kept, which is no canary", name)
		}
	}
}
