package cyrus

import (
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// BenchmarkPairStart is from nothing to the first replicated message, all that
// is asked of the engine included; giving the pair back is not.
func BenchmarkPairStart(b *testing.B) {
	needDocker(b)
	for b.Loop() {
		pair, err := New().NewPair(b.Context(), target.Spec{Accounts: []string{"alice", "bob", "carol"}})
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := pair.Close(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

// BenchmarkReset is from a used pair to the first replicated message on the
// empty one.
func BenchmarkReset(b *testing.B) {
	p := warm.get(b)
	for b.Loop() {
		b.StopTimer()
		deliver(b, p.Serving(), "alice", "used")
		wantReplicated(b, p, "alice")
		b.StartTimer()
		if err := p.Reset(b.Context(), accounts); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPool is how often pairs of a pool of four are lent, used, and given back: from
// each to the first replicated message on the next.
func BenchmarkPool(b *testing.B) {
	const most = 4
	p := pool(b, most)
	spec := target.Spec{Accounts: accounts}
	var warmed []*lent
	for range most {
		warmed = append(warmed, borrow(b, p, spec))
	}
	for _, pair := range warmed {
		giveBack(b, pair)
	}
	began := time.Now()
	var users errgroup.Group
	users.SetLimit(most)
	lentOut := 0
	for b.Loop() {
		lentOut++
		users.Go(func() error {
			pair, err := p.NewPair(b.Context(), spec)
			if err != nil {
				return err
			}
			return pair.Close(b.Context())
		})
	}
	if err := users.Wait(); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(lentOut)/time.Since(began).Seconds(), "resets/s")
}
