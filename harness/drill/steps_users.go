package drill

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/traffic"
)

func (r *run) seed(ctx context.Context, step plan.Seed) (string, error) {
	tally, err := r.users.Seed(ctx, r.plan.Accounts, step.Mailboxes, step.Messages)
	return told(tally, "seeded"), err
}

func (r *run) work(ctx context.Context, step plan.Work) (string, error) {
	var only []traffic.Op
	for _, name := range step.Only {
		only = append(only, traffic.Op(name))
	}
	tally, err := r.users.Work(ctx, r.accounts(step.Accounts), step.Operations, only)
	return told(tally, "done"), err
}

func (r *run) rules(ctx context.Context, step plan.Rules) (string, error) {
	tally, err := r.users.Rules(ctx, r.accounts(step.Accounts))
	return told(tally, "done"), err
}

// moveClock lets time pass on both servers.
func (r *run) moveClock(ctx context.Context, step plan.Clock) (string, error) {
	mover, ok := r.pair.(target.ClockMover)
	if !ok {
		return "", &target.UnsupportedError{Target: "the target", What: "clocks that can be moved"}
	}
	before := r.pair.Clock().Now()
	if err := mover.Advance(ctx, step.Advance); err != nil {
		return "", err
	}
	passed := r.pair.Clock().Now().Sub(before)
	if passed < step.Advance {
		return "", fmt.Errorf("the clock moved by %s instead of %s", passed, step.Advance)
	}
	if passed >= 24*time.Hour {
		r.reach(MarkClockMoved, "from %s to %s", before.UTC().Format(time.DateTime), before.Add(passed).UTC().Format(time.DateTime))
	}
	return fmt.Sprintf("it is %s on both servers", r.pair.Clock().Now().UTC().Format(time.DateTime)), nil
}

func (r *run) expire(ctx context.Context, step plan.Expire) (string, error) {
	server, err := r.server(step.Server)
	if err != nil {
		return "", err
	}
	r.lookAtFaults(ctx)
	if _, err := r.pair.Operator().Expire(ctx, server.Name()); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s keeps no tombstones and no deleted mailboxes any more", server.Name()), nil
}

var errNothingToResync = errors.New("the rescued store was not brought up: put a rescue step before the resync")

// resync makes the old master the replica of the new one, and shows that both
// are equal.
func (r *run) resync(ctx context.Context, step plan.Resync) (string, error) {
	server, err := r.server(step.Server)
	if err != nil {
		return "", err
	}
	if r.rescued == "" {
		return "", errNothingToResync
	}
	r.lookAtFaults(ctx)
	if err := r.canBeEmptied(ctx, server); err != nil {
		return "", err
	}
	started := r.pair.Clock().Now()
	if err := r.pair.Operator().Resync(ctx, server.Name(), r.plan.Accounts); err != nil {
		return "", err
	}
	r.rescued, r.oldMaster, r.findings = "", "", nil
	took := r.pair.Clock().Now().Sub(started).Round(1e6)
	equal, seen, err := r.replicated(ctx, r.pair.Serving())
	if err != nil {
		return "", err
	}
	if !equal {
		return fmt.Sprintf("%s is the replica after %s", server.Name(), took), fmt.Errorf("it is not equal to the master: %s", seen)
	}
	r.reach(MarkResynced, "%s is the replica of %s, and equal to it, after %s", server.Name(), r.pair.Serving().Name(), took)
	return fmt.Sprintf("%s is the replica, and equal, after %s", server.Name(), took), nil
}

// canBeEmptied returns an error as long as the rescued store has something that
// the serving server has never had: to resync it would lose that for good.
func (r *run) canBeEmptied(ctx context.Context, rescued target.Server) error {
	unsaved, err := restore.Unsaved(ctx, r.pair.Executor(), rescued, r.pair.Serving(), r.plan.Accounts)
	if err != nil {
		return err
	}
	if len(unsaved) == 0 {
		return nil
	}
	return fmt.Errorf("%s was left as it is, for to empty it would destroy %d messages or mailboxes that nobody has saved, the first: %s; restore them first",
		rescued.Name(), len(unsaved), unsaved[0])
}

func (r *run) failback(ctx context.Context) (string, error) {
	downtime, err := r.pair.Operator().SwapRoles(ctx)
	if err != nil {
		return "", err
	}
	serving := r.pair.Serving().Name()
	r.reach(MarkRolesSwapped, "%s serves again; nobody was served for %s", serving, downtime.Round(1e6))
	return fmt.Sprintf("%s serves, %s is its replica; nobody was served for %s", serving, serving.Other(), downtime.Round(1e6)), nil
}
