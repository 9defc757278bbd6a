package sim_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

// play drives a pair through traffic by several users at once, a death and a
// rescue, and returns everything that happened.
func play(t testing.TB, seed uint64) []string {
	t.Helper()
	p := newPair(t, seed)
	var tasks []func(context.Context) error
	for _, account := range []string{"alice", "bob"} {
		tasks = append(tasks, func(ctx context.Context) error {
			session, err := p.Serving().User().Login(ctx, account)
			if err != nil {
				return err
			}
			for i := range 6 {
				if _, _, err := session.Append(ctx, "INBOX", target.AppendMessage{Body: message(fmt.Sprint(account, i))}); err != nil {
					return err
				}
			}
			return session.Expunge(ctx, "INBOX", []uint32{2})
		})
	}
	if err := p.Executor().Run(t.Context(), tasks...); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Saboteur().KillServer(t.Context(), target.Imap1); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(p.Operator().Promote(t.Context(), target.Imap2), p.Operator().Rescue(t.Context(), target.Imap1)); err != nil {
		t.Fatal(err)
	}
	return append(p.Trace(), fmt.Sprintf("%+v %+v", snapshot(t, p.Server(target.Imap1), "bob"), snapshot(t, p.Server(target.Imap2), "bob")))
}

func TestSameSeedSameTrace(t *testing.T) {
	traces := map[string]bool{}
	for seed := range uint64(200) {
		first, again := play(t, seed), play(t, seed)
		if diff := cmp.Diff(first, again); diff != "" {
			t.Fatalf("seed %d has two traces:\n%s", seed, diff)
		}
		traces[strings.Join(first, "\n")] = true
	}
	if len(traces) < 190 {
		t.Errorf("200 seeds have only %d traces", len(traces))
	}
}

func TestExecutorInterleavesInSeededOrder(t *testing.T) {
	orders := map[string]bool{}
	for seed := range uint64(30) {
		p := newPair(t, seed)
		order := ""
		task := func(name string) func(context.Context) error {
			return func(ctx context.Context) error {
				for range 3 {
					order += name
					if err := p.Clock().Sleep(ctx, time.Millisecond); err != nil {
						return err
					}
				}
				return nil
			}
		}
		began := p.Clock().Now()
		if err := p.Executor().Run(t.Context(), task("a"), task("b"), task("c")); err != nil {
			t.Fatal(err)
		}
		if took := p.Clock().Now().Sub(began); took != 3*time.Millisecond {
			t.Errorf("three tasks of 3 ms side by side took %s", took)
		}
		orders[order] = true
	}
	if len(orders) < 10 {
		t.Errorf("30 seeds gave only the orders %v", orders)
	}
}

func TestExecutorReturnsTheErrorThatCameFirstAndEndsTheOthers(t *testing.T) {
	p := newPair(t, 1)
	early, late := errors.New("early"), errors.New("late")
	began := p.Clock().Now()
	err := p.Executor().Run(t.Context(),
		func(ctx context.Context) error { // ends the second, and is itself ended by the third
			if err := p.Clock().Sleep(ctx, time.Hour); !errors.Is(err, context.Canceled) {
				return fmt.Errorf("slept on: %v", err)
			}
			return late
		},
		func(context.Context) error { return early },
	)
	if !errors.Is(err, early) {
		t.Errorf("got %v, want the one that came first", err)
	}
	if took := p.Clock().Now().Sub(began); took >= time.Hour {
		t.Errorf("the others slept on for %s", took)
	}
}

func TestExecutorNests(t *testing.T) {
	p := newPair(t, 1)
	seen := []string{}
	wait := func(name string, d time.Duration) func(context.Context) error {
		return func(ctx context.Context) error {
			err := p.Clock().Sleep(ctx, d)
			seen = append(seen, name)
			return err
		}
	}
	err := p.Executor().Run(t.Context(), wait("20", 20*time.Millisecond), func(ctx context.Context) error {
		return p.Executor().Run(ctx, wait("30", 30*time.Millisecond), wait("10", 10*time.Millisecond))
	})
	if err != nil || !slices.Equal(seen, []string{"10", "20", "30"}) {
		t.Errorf("woke in the order %v, %v", seen, err)
	}
}

func TestEverythingEndsWithItsContext(t *testing.T) {
	p := newPair(t, 1)
	session := login(t, p.Serving(), "alice")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	server := p.Serving()
	for what, err := range map[string]error{
		"sleep":     p.Clock().Sleep(ctx, time.Hour),
		"login":     second(server.User().Login(ctx, "alice")),
		"deliver":   server.User().Deliver(ctx, "alice", message("x")),
		"append":    second2(session.Append(ctx, "INBOX", target.AppendMessage{Body: message("x")})),
		"expunge":   session.Expunge(ctx, "INBOX", []uint32{1}),
		"list":      second(session.List(ctx)),
		"index":     second(server.Index().Mailboxes(ctx, "alice")),
		"meta":      second(server.Index().Meta(ctx, "alice")),
		"sync log":  second(server.Host().SyncLog(ctx)),
		"processes": second(server.Host().Processes(ctx)),
		"syslog":    second(server.Host().Syslog(ctx)),
		"reset":     p.Reset(ctx, nil),
		"new pair":  second(sim.New().NewPair(ctx, target.Spec{})),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
