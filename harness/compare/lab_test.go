package compare_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/compare"
	"github.com/cyrdrill/cyrdrill/harness/field"
	"github.com/cyrdrill/cyrdrill/harness/field/fieldtest"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

func noError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// crowd are as many accounts as need several rounds.
func crowd(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("user%03d", i)
	}
	return names
}

func levelOf(t testing.TB, pair *field.Pair) compare.Level {
	t.Helper()
	level, err := compare.LevelOf(t.Context(), pair, 0)
	noError(t, err)
	return level
}

// furnish gives each account mail and a script, and lets them be replicated.
func furnish(t testing.TB, l *fieldtest.Lab, accounts ...string) {
	t.Helper()
	l.Act(t, func(ctx context.Context, p *sim.Pair) error {
		user := p.Serving().User()
		for _, account := range accounts {
			for n := range 3 {
				if err := user.Deliver(ctx, account, fmt.Appendf(nil, "Subject: %d\r\nMessage-ID: <%d@%s>\r\n\r\nHello.\r\n", n, n, account)); err != nil {
					return err
				}
			}
			scripts, err := user.Scripts(ctx, account)
			if err != nil {
				return err
			}
			err = errors.Join(scripts.Put(ctx, "rules", []byte("keep; # as it was\r\n")), scripts.Activate(ctx, "rules"), scripts.Close())
			if err != nil {
				return err
			}
		}
		return p.Clock().Sleep(ctx, time.Minute)
	})
}

// lose lets a message of an account be delivered that is never replicated.
func lose(t testing.TB, l *fieldtest.Lab, account string) {
	t.Helper()
	l.Act(t, func(ctx context.Context, p *sim.Pair) error {
		return p.Serving().User().Deliver(ctx, account, []byte("Subject: lost\r\n\r\n"))
	})
}

func stopReplication(t testing.TB, l *fieldtest.Lab) {
	t.Helper()
	l.Act(t, func(ctx context.Context, p *sim.Pair) error {
		_, err := p.Saboteur().Suspend(ctx, target.Imap1, "sync_client")
		return err
	})
}
