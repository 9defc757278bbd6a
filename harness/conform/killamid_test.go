package conform_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/cyrus/cyrustest"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

// killOutcome is what a kill amid appends can leave. No two kills hit the same
// moment, so this is chance.
type killOutcome struct {
	lost           bool // a message that was acknowledged is not there
	unacknowledged bool // one is there that was not
	orphan         bool // a message file has no record
}

func (o killOutcome) String() string {
	return fmt.Sprintf("acknowledged lost: %v, never acknowledged and there: %v, file without a record: %v", o.lost, o.unacknowledged, o.orphan)
}

// killAmidAppends kills the master so long after a user has begun to append,
// starts it again, and returns what that left.
func killAmidAppends(ctx context.Context, pair target.Pair, after time.Duration) (killOutcome, error) {
	acknowledged := 0
	err := pair.Executor().Run(ctx,
		func(ctx context.Context) error {
			n, err := appendUntilDead(ctx, pair.Serving(), "alice")
			acknowledged = n
			return err
		},
		func(ctx context.Context) error {
			if err := pair.Clock().Sleep(ctx, after); err != nil {
				return err
			}
			_, err := pair.Saboteur().KillServer(ctx, pair.Serving().Name())
			return err
		})
	if err != nil {
		return killOutcome{}, err
	}
	if acknowledged == 0 {
		return killOutcome{}, errors.New("the kill was not amid appends: none was acknowledged before")
	}
	if err := pair.Operator().Start(ctx, pair.Serving().Name()); err != nil {
		return killOutcome{}, err
	}
	return outcomeOf(ctx, pair, acknowledged)
}

// appendUntilDead appends one message after the other until the server is dead, and
// returns how many it acknowledged.
func appendUntilDead(ctx context.Context, server target.Server, account string) (int, error) {
	session, err := server.User().Login(ctx, account)
	if err != nil {
		return 0, err
	}
	defer session.Close() // the server is dead
	for n := 0; ; n++ {
		body := fmt.Appendf(nil, "Subject: %d\r\n\r\n%s\r\n", n, strings.Repeat("amid appends ", 200))
		_, _, err := session.Append(ctx, "INBOX", target.AppendMessage{Body: body})
		var refused *target.RefusedError
		switch {
		case ctx.Err() != nil:
			return n, ctx.Err()
		case errors.As(err, &refused):
			return n, err
		case err != nil:
			return n, nil // the server is dead
		}
	}
}

// outcomeOf counts once replication rests.
func outcomeOf(ctx context.Context, pair target.Pair, acknowledged int) (killOutcome, error) {
	master, replica := pair.Serving(), pair.Server(pair.Serving().Name().Other())
	ours, err := master.Index().Mailbox(ctx, "alice", "INBOX")
	if err != nil {
		return killOutcome{}, err
	}
	said, err := pair.Operator().Reconstruct(ctx, master.Name(), "alice", "INBOX", target.LookOnly)
	if err != nil {
		return killOutcome{}, err
	}
	err = target.WaitUntil(ctx, pair.Clock(), 30*time.Second, "what was acknowledged to be on the replica", func(ctx context.Context) (bool, string, error) {
		theirs, err := replica.Index().Mailbox(ctx, "alice", "INBOX")
		return len(theirs.Records) >= min(acknowledged, len(ours.Records)), fmt.Sprintf("%d of %d", len(theirs.Records), acknowledged), err
	})
	return killOutcome{
		lost: len(ours.Records) < acknowledged, unacknowledged: len(ours.Records) > acknowledged, orphan: strings.Contains(said, "found - adding"),
	}, err
}

// outcomesOfModel are those that the model shows, kill by kill, with their number.
func outcomesOfModel(t *testing.T, kills int) map[killOutcome]int {
	t.Helper()
	seen := map[killOutcome]int{}
	for i := range kills {
		pair, err := sim.NewPair(t.Context(), target.Spec{Seed: uint64(i), Accounts: []string{"alice"}})
		if err != nil {
			t.Fatal(err)
		}
		outcome, err := killAmidAppends(t.Context(), pair, 500*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		seen[outcome]++
	}
	return seen
}

// The model loses no acknowledged message, and shows every other outcome.
func TestModelKilledAmidAppends(t *testing.T) {
	seen := outcomesOfModel(t, 100)
	for _, want := range []killOutcome{{}, {orphan: true}, {unacknowledged: true}} {
		if seen[want] == 0 {
			t.Errorf("in 100 kills of the model none had the outcome %s", want)
		}
	}
	for outcome, n := range seen {
		if outcome.lost {
			t.Errorf("%d kills of the model had the outcome %s", n, outcome)
		}
	}
}

// What kills of a real master leave is among what the model shows.
func TestKilledAmidAppends(t *testing.T) {
	real := cyrustest.Pair(t, target.Spec{Accounts: []string{"alice"}})
	modelled := outcomesOfModel(t, 100)
	for i := range 4 {
		if err := real.Reset(t.Context(), []string{"alice"}); err != nil {
			t.Fatal(err)
		}
		outcome, err := killAmidAppends(t.Context(), real, time.Duration(500+131*i)*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("kill %d: %s", i+1, outcome)
		if modelled[outcome] == 0 {
			t.Errorf("kill %d of a real master had the outcome %s, and none of the model's 100 had", i+1, outcome)
		}
	}
}
