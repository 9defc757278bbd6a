// Package cyrustest gives tests pairs of real servers.
package cyrustest

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/cyrus"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// defaultSuite is the Cyrus that tests run which ask for none.
const defaultSuite = "bookworm"

// Need fails a test on CI, and skips it elsewhere, where no real Cyrus can be
// started.
func Need(t testing.TB) {
	t.Helper()
	NeedSuite(t, defaultSuite)
}

// NeedSuite is [Need] for the Cyrus of a suite.
func NeedSuite(t testing.TB, suite string) {
	t.Helper()
	if err := cyrus.Check(t.Context(), suite); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("this test needs real Cyrus, and CI must not pass without it: %v", err)
		}
		t.Skipf("this test needs real Cyrus: %v", err)
	}
}

// Pair returns a pair of real servers of the suite that is asked for, bookworm's
// where none is. It is given back at the test's end.
func Pair(t testing.TB, spec target.Spec) target.Pair {
	t.Helper()
	if spec.Suite == "" {
		spec.Suite = defaultSuite
	}
	NeedSuite(t, spec.Suite)
	pair, err := cyrus.New().NewPair(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	giveBack(t, pair.Close)
	return pair
}

// Pool returns real pairs of a suite that stay warm, so many at most. They are given back
// at the test's end.
func Pool(t testing.TB, suite string, most int) *cyrus.Pool {
	t.Helper()
	NeedSuite(t, suite)
	pool := cyrus.NewPool(most)
	giveBack(t, pool.Close)
	return pool
}

// giveBack closes at the test's end.
func giveBack(t testing.TB, closing func(context.Context) error) {
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := closing(ctx); err != nil {
			t.Errorf("giving back what was made of real servers: %v", err)
		}
	})
}
