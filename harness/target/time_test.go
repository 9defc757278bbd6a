package target_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// handClock is a clock that only its sleepers move.
type handClock struct {
	now    time.Time
	sleeps []time.Duration
}

func (c *handClock) Now() time.Time { return c.now }

func (c *handClock) Sleep(ctx context.Context, d time.Duration) error {
	c.sleeps = append(c.sleeps, d)
	c.now = c.now.Add(d)
	return ctx.Err()
}

func TestWaitUntilReturnsAsSoonAsItHolds(t *testing.T) {
	clock := &handClock{}
	asked := 0
	err := target.WaitUntil(t.Context(), clock, time.Minute, "it", func(context.Context) (bool, string, error) {
		asked++
		return asked == 12, "", nil
	})
	if err != nil || asked != 12 {
		t.Fatalf("asked %d times, error %v", asked, err)
	}
	if first, last := clock.sleeps[0], clock.sleeps[len(clock.sleeps)-1]; first != 10*time.Millisecond || last != 50*time.Millisecond {
		t.Errorf("pauses go from %s to %s, want 10ms to 50ms", first, last)
	}
}

func TestWaitUntilGivesUpAndSaysWhatItSaw(t *testing.T) {
	clock := &handClock{}
	err := target.WaitUntil(t.Context(), clock, 3*time.Second, "both sides to be equal", func(context.Context) (bool, string, error) {
		return false, "4 entries", nil
	})
	var timeout *target.TimeoutError
	if !errors.As(err, &timeout) || err.Error() != "both sides to be equal: not within 3s (last seen: 4 entries)" {
		t.Fatalf("got %v", err)
	}
	if waited := clock.now.Sub(time.Time{}); waited < 3*time.Second || waited > 3050*time.Millisecond {
		t.Errorf("gave up after %s", waited)
	}
}

func TestWaitUntilEndsWithTheContextOrAnError(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	never := func(context.Context) (bool, string, error) { return false, "", nil }
	if err := target.WaitUntil(ctx, &handClock{}, time.Minute, "it", never); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that is done: %v", err)
	}
	broken := errors.New("broken")
	err := target.WaitUntil(t.Context(), &handClock{}, time.Minute, "it", func(context.Context) (bool, string, error) { return false, "", broken })
	if !errors.Is(err, broken) || !strings.HasPrefix(err.Error(), "waiting for it") {
		t.Errorf("with a condition that fails: %v", err)
	}
}

func TestOutcomeOf(t *testing.T) {
	refused := &target.RefusedError{Command: "APPEND INBOX", Status: "NO", Code: "OVERQUOTA", Text: "full"}
	for _, tc := range []struct {
		err  error
		want target.Outcome
	}{
		{nil, target.Acknowledged},
		{refused, target.Refused},
		{errors.Join(errors.New("appending"), refused), target.Refused},
		{&target.UnreachableError{Server: target.Imap1, Service: "imap", Err: errors.New("connection refused")}, target.Refused},
		{errors.New("connection reset"), target.InDoubt},
		{context.DeadlineExceeded, target.InDoubt},
	} {
		if got := target.OutcomeOf(tc.err); got != tc.want {
			t.Errorf("OutcomeOf(%v) = %s, want %s", tc.err, got, tc.want)
		}
	}
}

func TestEvidenceLandedNeedsAChange(t *testing.T) {
	changed := target.Evidence{Summary: "it broke", Facts: []target.Fact{{What: "state", Before: "running", After: "stopped"}}}
	for name, e := range map[string]target.Evidence{
		"nothing":              {},
		"a word without facts": {Summary: "it broke"},
		"facts without change": {Summary: "it broke", Facts: []target.Fact{{What: "state", Before: "running", After: "running"}}},
		"a change unexplained": {Facts: changed.Facts},
	} {
		if e.Landed() {
			t.Errorf("%s counts as evidence", name)
		}
	}
	if !changed.Landed() {
		t.Error("a change that is explained is no evidence")
	}
	both := changed.And(target.Evidence{Summary: "and more", Facts: []target.Fact{{What: "size", Before: "0", After: "1"}}})
	if both.Summary != "it broke; and more" || len(both.Facts) != 2 || len(changed.Facts) != 1 {
		t.Errorf("joined evidence is %+v, of %+v", both, changed)
	}
}
