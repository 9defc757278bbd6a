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
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := pair.Close(ctx); err != nil {
			t.Errorf("giving the pair back: %v", err)
		}
	})
	return pair
}
