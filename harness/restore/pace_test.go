package restore_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/restore/order"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Whoever waits comes next, as soon as a worker is free: the list is asked again each
// time.
func TestWhoeverWaitsComesNext(t *testing.T) {
	in, plan := lost(t, 6, 4, 500)
	var served []string
	asked := 0
	_, err := restore.Apply(t.Context(), in.Scene, plan, restore.Options{
		Workers: 1,
		LastUse: map[string]time.Time{"u00": in.Scene.Clock.Now()},
		Waiting: func() []string {
			asked++
			return map[int][]string{2: {"u05"}, 3: {"u04", "u05"}}[asked]
		},
		Observe: func(p restore.Progress) {
			if p.Account != "" {
				served = append(served, p.Account)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"u00", "u05", "u04", "u01", "u02", "u03"}; !slices.Equal(served, want) {
		t.Errorf("served %v, want %v", served, want)
	}
}

func TestMaxRate(t *testing.T) {
	for _, workers := range []int{1, 4} {
		in, plan := lost(t, 8, 25, 2000)
		began := in.Scene.Clock.Now()
		if _, err := restore.Apply(t.Context(), in.Scene, plan, restore.Options{Workers: workers, MaxRate: 10_000, Order: order.Alphabetical}); err != nil {
			t.Fatal(err)
		}
		took := in.Scene.Clock.Now().Sub(began)
		if took < 40*time.Second || took > 44*time.Second {
			t.Errorf("%d workers: 400 kB at 10 kB a second took %s", workers, took)
		}
	}
}

// A server that struggles is given fewer accounts at once, and more again when it has
// recovered.
func TestBackPressure(t *testing.T) {
	in, plan := lost(t, 200, 5, 500)
	clock := in.Scene.Clock
	atOnce, most, appends := 0, map[bool]int{}, 0
	struggling := func() bool { return appends > 60 && appends < 130 }
	in.Scene.Serving = hooked{Server: in.Scene.Serving,
		before: func(ctx context.Context, _ string, _ []target.AppendMessage) error {
			appends++
			atOnce++
			takes := 100 * time.Millisecond
			if struggling() {
				takes = 3 * time.Second
			}
			if appends > 90 && struggling() || appends < 60 {
				most[struggling()] = max(most[struggling()], atOnce)
			}
			return clock.Sleep(ctx, takes)
		},
		after: func(err error) error { atOnce--; return err },
	}
	var last []int
	_, err := restore.Apply(t.Context(), in.Scene, plan, restore.Options{Workers: 8, Observe: func(restore.Progress) { last = append(last, atOnce) }})
	if err != nil {
		t.Fatal(err)
	}
	if most[false] != 8 || most[true] > 3 {
		t.Errorf("%d accounts at once when all was well, and %d when the server struggled", most[false], most[true])
	}
	if again := slices.Max(last[len(last)-60:]); again < 4 {
		t.Errorf("%d at once when it had recovered", again)
	}
	wantWhole(t, in, 5)
}

// A server that says that it cannot now is asked again, and slower.
func TestRefusedForNow(t *testing.T) {
	in, plan := lost(t, 5, 10, 500)
	refusals := 0
	in.Scene.Serving = hooked{Server: in.Scene.Serving, before: func(context.Context, string, []target.AppendMessage) error {
		if refusals++; refusals < 8 {
			return &target.RefusedError{Command: "APPEND INBOX", Status: "NO", Code: "UNAVAILABLE", Text: "try again"}
		}
		return nil
	}}
	report, err := restore.Apply(t.Context(), in.Scene, plan, restore.Options{})
	if err != nil || report.Copied != 50 {
		t.Errorf("%s, %v", report.InWords(), err)
	}
	wantWhole(t, in, 10)
}
