package detect_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

// However many accounts there are, each is looked at once, what is found comes in their
// order, and few are looked at side by side: a server takes so many connections and no more.
func TestEachAccountIsLookedAt(t *testing.T) {
	const most = 8
	pair, err := sim.New().NewPair(t.Context(), target.Spec{})
	must(t, err)
	for _, n := range []int{0, 1, most, most + 1, 100} {
		accounts := make([]string, n)
		for i := range accounts {
			accounts[i] = fmt.Sprint("user", i)
		}
		scene := detect.Scene{Clock: pair.Clock(), Executor: pair.Executor(), Accounts: accounts}
		open, peak := 0, 0
		found, err := scene.EachAccount(t.Context(), "looker", func(ctx context.Context, account string) ([]detect.Finding, error) {
			open++
			peak = max(peak, open)
			err := pair.Clock().Sleep(ctx, time.Second)
			open--
			return []detect.Finding{{Place: target.Place{Account: account}}}, err
		})
		must(t, err)
		if len(found) != n || peak != min(n, most) {
			t.Errorf("%d accounts: %d findings, %d looked at side by side", n, len(found), peak)
		}
		for i, f := range found {
			if f.Account != accounts[i] || f.Detector != "looker" {
				t.Errorf("finding %d of %d is about %s, by %s", i, n, f.Account, f.Detector)
			}
		}
	}
}

// What the first look found may be lag. Where a second one is not to be had, nothing is told.
func TestWhatIsNotSeenTwiceIsNotFound(t *testing.T) {
	pair, err := sim.New().NewPair(t.Context(), target.Spec{Accounts: []string{"alice"}})
	must(t, err)
	for what, fails := range map[string]bool{"a second look that finds the same": false, "a second look that fails": true} {
		t.Run(what, func(t *testing.T) {
			looks := 0
			found, err := sceneOf(pair, []string{"alice"}).TogetherSettled(t.Context(), "looker", func(context.Context, []string) ([]detect.Finding, error) {
				if looks++; looks > 1 && fails {
					return nil, errors.New("no answer")
				}
				return []detect.Finding{{Kind: target.MessageMissing, Place: target.Place{Account: "alice"}}}, nil
			})
			switch {
			case looks < 2:
				t.Errorf("it looked %d times", looks)
			case fails && (err == nil || len(found) > 0):
				t.Errorf("found %v, %v", found, err)
			case !fails && (err != nil || len(found) != 1):
				t.Errorf("found %v, %v", found, err)
			}
		})
	}
}
