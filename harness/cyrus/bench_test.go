package cyrus

import (
	"testing"

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
