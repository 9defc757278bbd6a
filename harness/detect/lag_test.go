package detect_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/traffic"
	"github.com/cyrdrill/cyrdrill/sim"
)

// While users work, one side is always a little behind: that is no damage. Detectors that
// compare look again before they tell.
func TestLagIsNoFinding(t *testing.T) {
	crowd := []string{"alice", "bob", "carol", "dave"}
	for _, every := range []time.Duration{0, 3 * time.Second} {
		t.Run(fmt.Sprintf("looking at the log every %s", every), func(t *testing.T) {
			p, err := sim.New().NewPair(t.Context(), target.Spec{Seed: 1, Accounts: crowd, RepeatInterval: every})
			if err != nil {
				t.Fatal(err)
			}
			users := traffic.NewUsers(p, traffic.NewLedger(nil), 1)
			end := p.Clock().Now().Add(2 * time.Minute)
			work := func(ctx context.Context) error {
				for n := 0; p.Clock().Now().Before(end); n++ {
					if _, err := users.Work(ctx, crowd[n%len(crowd):n%len(crowd)+1], 1, nil); err != nil {
						return err
					}
					if err := p.Clock().Sleep(ctx, 30*time.Millisecond); err != nil {
						return err
					}
				}
				return nil
			}
			scene := sceneOf(p, crowd)
			scene.RepeatInterval = every
			looks := 0
			watch := func(ctx context.Context) error {
				for ; p.Clock().Now().Before(end); looks++ {
					for _, d := range detect.All() {
						if slices.Contains([]string{"client-caches"}, d.Name()) {
							continue // it tells what a promotion at this moment would mean
						}
						found, err := d.Detect(ctx, scene)
						if err != nil {
							return fmt.Errorf("%s: %w", d.Name(), err)
						}
						for _, f := range found {
							t.Errorf("a false alarm of %s: %s", d.Name(), f)
						}
					}
				}
				return nil
			}
			if err := p.Executor().Run(t.Context(), work, watch); err != nil {
				t.Fatal(err)
			}
			t.Logf("%d rounds of looks", looks)
		})
	}
}

func sceneOf(p target.Pair, accounts []string) detect.Scene {
	scene := detect.Scene{Clock: p.Clock(), Executor: p.Executor(), Accounts: accounts, Master: target.Imap1}
	for _, server := range p.Servers() {
		scene.Sides = append(scene.Sides, detect.LiveSide(server))
	}
	return scene
}
