package property_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/restore/estimate"
	"github.com/cyrdrill/cyrdrill/harness/restore/order"
	"github.com/cyrdrill/cyrdrill/harness/restore/restoretest"
)

// provider is mail that a provider's users miss: most of them a little of it in small
// messages, and some much in large ones.
func provider(accounts int) []restoretest.Lost {
	chance := rand.New(rand.NewPCG(2006, 2))
	lost := make([]restoretest.Lost, accounts)
	for i := range lost {
		name := fmt.Sprintf("%c%03d", 'a'+rune(chance.IntN(26)), i)
		lost[i] = restoretest.Lost{Account: name, Messages: 5 + chance.IntN(30), Bytes: 1500 + chance.IntN(3000)}
		if i%6 == 0 {
			lost[i].Messages, lost[i].Bytes = 40+chance.IntN(40), 12000+chance.IntN(20000)
		}
	}
	return lost
}

// restoreCostly restores on a server of such costs, and returns what was estimated, and
// when each account was served.
func restoreCostly(t testing.TB, cost func(share float64) estimate.Cost, options restore.Options, tell func(estimate.Work) estimate.Work) ([]property.Estimate, []order.Served) {
	t.Helper()
	in := restoretest.Lose(t, 1, provider(240)).ByAppend()
	plan, err := restore.CopyMissing{}.Plan(t.Context(), in.Scene)
	if err != nil {
		t.Fatal(err)
	}
	var total estimate.Work
	for i, a := range plan.Actions {
		total = total.Plus(estimate.Work{Messages: 1, Bytes: int64(a.Size)})
		plan.Actions[i].Size = uint32(tell(estimate.Work{Bytes: int64(a.Size)}).Bytes)
	}
	share := func(w estimate.Work) float64 {
		return (float64(w.Messages)/float64(total.Messages) + float64(w.Bytes)/float64(total.Bytes)) / 2
	}
	serving := &restoretest.Costly{Server: in.Scene.Serving, Clock: in.Scene.Clock, Cost: func(had estimate.Work) estimate.Cost { return cost(share(had)) }}
	in.Scene.Serving = serving
	began := in.Scene.Clock.Now()
	var seen []restore.Progress
	var shares []float64
	var served []order.Served
	options.Observe = func(p restore.Progress) {
		seen, shares = append(seen, p), append(shares, share(serving.Had()))
		if p.Account != "" {
			served = append(served, order.Served{Account: order.Account{Name: p.Account}, At: p.At.Sub(began)})
		}
	}
	if _, err := restore.Apply(t.Context(), in.Scene, plan, options); err != nil {
		t.Fatal(err)
	}
	ended := in.Scene.Clock.Now()
	var estimates []property.Estimate
	changed := 0.0 // last
	for i := range seen {
		if i > 0 && cost(shares[i]) != cost(shares[i-1]) {
			changed = shares[i]
		}
	}
	for i, p := range seen {
		estimates = append(estimates, property.Estimate{
			Restorer: plan.Restorer, Share: p.Share, Since: shares[i] - changed, Told: p.Remaining.Time, Left: ended.Sub(p.At), Whole: ended.Sub(began),
		})
	}
	return estimates, served
}

func asItIs(w estimate.Work) estimate.Work { return w }

func costs(perMessage, perByte float64) estimate.Cost {
	return estimate.Cost{PerMessage: perMessage, PerByte: perByte}
}

// Property 9 on virtual time: a real restore, with its workers, its order and its
// journal, estimates within 20 % a tenth of the work after the rate last changed.
func TestEstimatesHoldOnVirtualTime(t *testing.T) {
	for name, cost := range map[string]func(float64) estimate.Cost{
		"steady":     func(float64) estimate.Cost { return costs(5e-3, 4e-7) },
		"by bytes":   func(float64) estimate.Cost { return costs(1e-3, 2e-6) },
		"by message": func(float64) estimate.Cost { return costs(2e-2, 1e-9) },
		"slower amid it": func(share float64) estimate.Cost {
			if share < 0.4 {
				return costs(5e-3, 4e-7)
			}
			return costs(15e-3, 12e-7)
		},
	} {
		for _, workers := range []int{1, 4} {
			t.Run(fmt.Sprintf("%s, %d workers", name, workers), func(t *testing.T) {
				estimates, _ := restoreCostly(t, cost, restore.Options{Workers: workers}, asItIs)
				result := property.Repeatable{}.Check(property.Scene{Estimates: estimates})
				if result.Verdict != property.Pass || result.Checked < 50 {
					t.Errorf("%s, %d of %d checked: %v", result.Verdict, result.Checked, len(estimates), result.Violations)
				}
			})
		}
	}
}

// The bug of 2006: the estimate counts messages alone, and the small ones come first.
func TestEstimateByCountAloneIsCaught(t *testing.T) {
	countAlone := func(w estimate.Work) estimate.Work { return estimate.Work{Bytes: 1} }
	estimates, _ := restoreCostly(t, func(float64) estimate.Cost { return costs(5e-3, 4e-7) }, restore.Options{Workers: 4}, countAlone)
	if result := (property.Repeatable{}).Check(property.Scene{Estimates: estimates}); result.Verdict != property.Fail {
		t.Errorf("%s", result.Verdict)
	}
}

// Most users have their mail soonest: the share of users that are served over time, of
// a whole restore on virtual time, against the naive order.
func TestMostUsersAreServedSoonest(t *testing.T) {
	cost := func(float64) estimate.Cost { return costs(5e-3, 4e-7) }
	curve := func(by order.By) order.Curve {
		_, served := restoreCostly(t, cost, restore.Options{Workers: 4, Order: by}, asItIs)
		if len(served) != 240 {
			t.Fatalf("%d of 240 accounts were served", len(served))
		}
		return order.CurveOf(served)
	}
	soonest, naive := curve(order.Soonest), curve(order.Alphabetical)
	whole := naive.When(1)
	area, _ := soonest.Area(whole)
	naiveArea, _ := naive.Area(whole)
	t.Logf("on the average %.0f %% of users are served, in the naive order %.0f %%; half of them after %s, in the naive order %s", 100*area, 100*naiveArea, soonest.When(0.5), naive.When(0.5))
	if area < naiveArea+0.2 || soonest.When(0.5)*2 > naive.When(0.5) {
		t.Errorf("the area is %.2f, in the naive order %.2f; half of the users are served after %s, and after %s", area, naiveArea, soonest.When(0.5), naive.When(0.5))
	}
}

// BenchmarkRestoreOnVirtualTime writes, as data for docs/restore.md, the share of users
// served over time in both orders, and what was estimated against what was left. All of
// it is shown with -v.
func BenchmarkRestoreOnVirtualTime(b *testing.B) {
	slower := func(share float64) estimate.Cost {
		if share < 0.4 {
			return costs(5e-3, 4e-7)
		}
		return costs(15e-3, 12e-7)
	}
	for b.Loop() {
		out := b.Output()
		fmt.Fprintln(out, "order,seconds,share,weighted")
		for _, each := range []struct {
			name string
			by   order.By
		}{{"soonest", order.Soonest}, {"alphabetical", order.Alphabetical}} {
			_, served := restoreCostly(b, func(float64) estimate.Cost { return costs(5e-3, 4e-7) }, restore.Options{Workers: 4, Order: each.by}, asItIs)
			curve := order.CurveOf(served)
			curve.Points = slices.DeleteFunc(curve.Points, func(p order.Point) bool { return int(math.Round(p.Share*240))%24 != 0 })
			if err := curve.WriteCSV(out, each.name); err != nil {
				b.Fatal(err)
			}
		}
		fmt.Fprintln(out, "share,told,left")
		estimates, _ := restoreCostly(b, slower, restore.Options{Workers: 4}, asItIs)
		next := 0.0
		for _, e := range estimates {
			if e.Share >= next {
				next += 0.05
				fmt.Fprintf(out, "%.2f,%.1f,%.1f\n", e.Share, e.Told.Seconds(), e.Left.Seconds())
			}
		}
	}
}
