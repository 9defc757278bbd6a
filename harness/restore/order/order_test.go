package order_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/restore/order"
)

const day = 24 * time.Hour

func names(accounts []order.Account, by order.By) string {
	left := slices.Clone(accounts)
	var all []string
	for len(left) > 0 {
		i := order.Next(left, by)
		all = append(all, left[i].Name)
		left = slices.Delete(left, i, i+1)
	}
	return strings.Join(all, " ")
}

func TestWhoComesFirst(t *testing.T) {
	accounts := []order.Account{
		{Name: "away", Takes: time.Second, Idle: 365 * day},
		{Name: "big", Takes: time.Hour},
		{Name: "small", Takes: time.Second},
		{Name: "waiting", Takes: 10 * time.Hour, Idle: 365 * day, Waiting: true},
		{Name: "waiting-small", Takes: time.Minute, Waiting: true},
		{Name: "empty"},
	}
	if got, want := names(accounts, order.Soonest), "waiting-small waiting empty small away big"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, want := names(accounts, order.Alphabetical), "away big empty small waiting waiting-small"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := order.Next(nil, order.Soonest); got != -1 {
		t.Errorf("of no accounts, number %d comes first", got)
	}
}

// provider is a made-up set of users: a few large accounts hold most mail, and many
// have not been used for long.
func provider(n int) []order.Account {
	chance := rand.New(rand.NewPCG(2006, 1))
	accounts := make([]order.Account, n)
	for i := range accounts {
		accounts[i] = order.Account{
			Name:  fmt.Sprintf("%c%04d", 'a'+rune(chance.IntN(26)), i),
			Takes: time.Duration(math.Exp(1.5*chance.NormFloat64()) * float64(2*time.Second)),
			Idle:  time.Duration(chance.ExpFloat64() * float64(10*day)),
		}
	}
	return accounts
}

// run restores the accounts one after the other, and returns when each was done.
func run(accounts []order.Account, by order.By) (order.Curve, time.Duration) {
	left := slices.Clone(accounts)
	var served []order.Served
	var now time.Duration
	for len(left) > 0 {
		i := order.Next(left, by)
		now += left[i].Takes
		served = append(served, order.Served{Account: left[i], At: now})
		left = slices.Delete(left, i, i+1)
	}
	return order.CurveOf(served), now
}

func TestMoreUsersAreServedSooner(t *testing.T) {
	accounts := provider(500)
	soonest, whole := run(accounts, order.Soonest)
	naive, _ := run(accounts, order.Alphabetical)
	share, weighted := soonest.Area(whole)
	naiveShare, naiveWeighted := naive.Area(whole)
	if share < 0.8 || naiveShare > 0.6 || weighted < 0.85 || naiveWeighted > 0.6 {
		t.Errorf("on the average %.2f of users are served (%.2f by weight), and %.2f (%.2f) in the naive order", share, weighted, naiveShare, naiveWeighted)
	}
	if half, naiveHalf := soonest.When(0.5), naive.When(0.5); half*4 > naiveHalf {
		t.Errorf("half of the users are served after %s, and after %s in the naive order", half, naiveHalf)
	}
	backwards, _ := run(accounts, func(a, b order.Account) int { return order.Soonest(b, a) })
	if worst, _ := backwards.Area(whole); worst > naiveShare {
		t.Errorf("backwards it is %.2f: the area says nothing", worst)
	}
}

func TestArea(t *testing.T) {
	c := order.CurveOf([]order.Served{{At: time.Second}, {At: 3 * time.Second}})
	if share, _ := c.Area(4 * time.Second); math.Abs(share-0.5) > 1e-9 { // 0 for 1 s, half for 2 s, all for 1 s
		t.Errorf("%v, want a half", share)
	}
	var csv strings.Builder
	if err := c.WriteCSV(&csv, "soonest"); err != nil || csv.String() != "soonest,0.000,0.0000,0.0000\nsoonest,1.000,0.5000,0.5000\nsoonest,3.000,1.0000,1.0000\n" {
		t.Errorf("%v, %q", err, csv.String())
	}
}

// BenchmarkCurve prints both curves of the made-up set as data (with -v).
func BenchmarkCurve(b *testing.B) {
	accounts := provider(500)
	for b.Loop() {
		run(accounts, order.Soonest)
	}
	fmt.Fprintln(b.Output(), "order,seconds,share,weighted")
	for _, each := range []struct {
		name string
		by   order.By
	}{{"soonest", order.Soonest}, {"alphabetical", order.Alphabetical}} {
		curve, whole := run(accounts, each.by)
		share, weighted := curve.Area(whole)
		b.ReportMetric(100*share, each.name+"-%served")
		b.ReportMetric(100*weighted, each.name+"-%weighted")
		b.ReportMetric(curve.When(0.5).Seconds(), each.name+"-half-s")
		curve.Points = slices.DeleteFunc(curve.Points, func(p order.Point) bool { return int(math.Round(p.Share*500))%50 != 0 })
		if err := curve.WriteCSV(b.Output(), each.name); err != nil {
			b.Fatal(err)
		}
	}
}
