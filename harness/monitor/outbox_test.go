package monitor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// scripted is a receiver that does what the test says.
type scripted func(ctx context.Context, n Notice) error

func (scripted) Name() string                               { return "pager" }
func (s scripted) Tell(ctx context.Context, n Notice) error { return s(ctx, n) }

// withOutbox runs an outbox on virtual time, and returns how often each outcome was noted.
func withOutbox(t *testing.T, receiver scripted, use func(o *outbox)) map[string]int {
	outcomes := map[string]int{}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		o := newOutbox(receiver, 10*time.Second, func(outcome, text string) {
			outcomes[outcome]++
			if text != "" {
				t.Log(text)
			}
		})
		ended := make(chan struct{})
		go func() { o.run(ctx); close(ended) }()
		use(o)
		cancel()
		left := time.Now()
		<-ended
		if took := time.Since(left); took > lastWords {
			t.Errorf("it ended after %s", took)
		}
	})
	return outcomes
}

func notices(n int) (all []Notice) {
	for i := range n {
		all = append(all, Notice{What: Raised, Text: fmt.Sprint(i)})
	}
	return all
}

func TestNoticesAreTriedAgainWithLongerAndLongerPauses(t *testing.T) {
	var tries []string
	var began time.Time
	outcomes := withOutbox(t, func(_ context.Context, n Notice) error {
		tries = append(tries, fmt.Sprintf("%s after %s", n.Text, time.Since(began)))
		if len(tries) < 9 {
			return errors.New("503")
		}
		return nil
	}, func(o *outbox) {
		began = time.Now()
		for _, n := range notices(2) {
			o.put(n)
		}
		time.Sleep(time.Hour)
	})
	want := []string{"0 after 0s", "0 after 1s", "0 after 3s", "0 after 7s", "0 after 15s", "0 after 31s", "0 after 1m3s", "0 after 2m3s", "0 after 3m3s", "1 after 3m3s"}
	if diff := cmp.Diff(want, tries); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]int{"failed": 8, "sent": 2}, outcomes); diff != "" {
		t.Error(diff)
	}
}

func TestNoticesThatNobodyTakes(t *testing.T) {
	for _, test := range []struct {
		name     string
		receiver scripted
		notices  int
		wait     time.Duration
		want     map[string]int
	}{
		{"it hangs", func(ctx context.Context, _ Notice) error { <-ctx.Done(); return ctx.Err() }, 1, 2 * time.Hour, map[string]int{"failed": 55, "dropped": 1}},
		{"it refuses for an hour", func(context.Context, Notice) error { return errors.New("503") }, 1, 2 * time.Hour, map[string]int{"failed": 64, "dropped": 1}},
		{"it will never take it", func(context.Context, Notice) error { return &HopelessError{errors.New("404")} }, 3, time.Minute, map[string]int{"dropped": 3}},
		{"more wait than are kept", func(ctx context.Context, _ Notice) error { <-ctx.Done(); return ctx.Err() }, mostWaiting + 20, time.Second, nil},
		{"it hangs at the end", func(ctx context.Context, _ Notice) error { <-ctx.Done(); return ctx.Err() }, 5, time.Second, map[string]int{"dropped": 5}},
		{"it is quick at the end", func(context.Context, Notice) error { return nil }, 5, 0, map[string]int{"sent": 5}},
	} {
		t.Run(test.name, func(t *testing.T) {
			outcomes := withOutbox(t, test.receiver, func(o *outbox) {
				before := time.Now()
				for _, n := range notices(test.notices) {
					o.put(n)
				}
				if !time.Now().Equal(before) {
					t.Error("whoever puts a notice waits")
				}
				time.Sleep(test.wait)
			})
			if test.want == nil {
				if all := outcomes["sent"] + outcomes["dropped"]; all != test.notices {
					t.Errorf("of %d notices: %v", test.notices, outcomes)
				}
				return
			}
			if diff := cmp.Diff(test.want, outcomes); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Of too many the newest are kept: they say how it is.
func TestNewestNoticesAreKept(t *testing.T) {
	var got []string
	withOutbox(t, func(_ context.Context, n Notice) error {
		time.Sleep(time.Millisecond)
		got = append(got, n.Text)
		return nil
	}, func(o *outbox) {
		for _, n := range notices(mostWaiting + 20) {
			o.put(n)
		}
		time.Sleep(time.Minute)
	})
	if len(got) < mostWaiting || got[len(got)-1] != fmt.Sprint(mostWaiting+19) || slices.Contains(got, "5") {
		t.Errorf("told are %s", strings.Join(got, " "))
	}
}
