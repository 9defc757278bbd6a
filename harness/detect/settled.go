package detect

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// replicatedWithin is how long a change may take to be replicated, beside
// sync_repeat_interval.
const replicatedWithin = 3 * time.Second

// grace is how long the replica may be behind before that is a finding.
func (s Scene) grace() time.Duration { return replicatedWithin + s.RepeatInterval }

// eachSettled is [Scene.eachAccount], but for lag: it is [Scene.settled] of it.
func (s Scene) eachSettled(ctx context.Context, detector string, look func(context.Context, string) ([]Finding, error)) ([]Finding, error) {
	return s.settled(ctx, func(ctx context.Context, some Scene) ([]Finding, error) {
		return some.eachAccount(ctx, detector, look)
	})
}

// settled returns what two looks at a scene's accounts find alike, between which all that
// waited at the first has been replicated, or has had the time for it. The second is at
// those accounts alone in which something was found. What a freeze has kept does not change,
// and is looked at once. Where the second look fails nothing is found: the first alone cannot
// tell lag from damage.
func (s Scene) settled(ctx context.Context, look func(context.Context, Scene) ([]Finding, error)) ([]Finding, error) {
	found, err := look(ctx, s)
	if err != nil || len(found) == 0 {
		return found, err
	}
	err = s.settle(ctx, func(ctx context.Context) (left bool, err error) {
		suspects := s
		suspects.Accounts = slices.DeleteFunc(slices.Clone(s.Accounts), func(account string) bool {
			return !slices.ContainsFunc(found, func(f Finding) bool { return f.Account == account })
		})
		again, err := look(ctx, suspects)
		if err != nil {
			return false, err
		}
		found = slices.DeleteFunc(found, func(f Finding) bool {
			return !slices.ContainsFunc(again, func(g Finding) bool { return sameFinding(f, g) })
		})
		return len(found) > 0, nil
	})
	if err != nil {
		return nil, err // nobody saw twice what the first look found
	}
	return found, nil
}

// settle calls for another look when all that waited has been replicated, or has had the
// time for it, as long as something is left to look at and replication moves.
func (s Scene) settle(ctx context.Context, again func(context.Context) (left bool, err error)) error {
	master, replica := s.liveMaster()
	if master == nil {
		return nil
	}
	for range patience {
		watch := progress{master: master, replica: replica, accounts: s.Accounts}
		drained, err := s.await(ctx, &watch)
		if err != nil {
			return err
		}
		left, err := again(ctx)
		if err != nil || !left || drained || !watch.moved {
			return err
		}
	}
	return nil
}

// sameFinding says whether a finding is one that was there before. That something is
// missing or cannot be read says all; of a difference between two values both have to be
// as they were.
func sameFinding(a, b Finding) bool {
	if a.Key() != b.Key() {
		return false
	}
	switch a.Kind {
	case target.MessageMissing, target.ExpungeMissing, target.TombstoneMissing,
		target.MailboxMissing, target.DeletionMissing, target.AccountMissing, target.MailboxUnreadable:
		return true
	}
	return a.Evidence == b.Evidence
}

// await gives what waits to be replicated the time that it takes, and says whether
// nothing waits any more.
func (s Scene) await(ctx context.Context, watch *progress) (drained bool, err error) {
	err = target.WaitUntil(ctx, s.Clock, s.grace(), "what waits to be replicated", func(ctx context.Context) (bool, string, error) {
		err := watch.follow(ctx)
		return err == nil && !watch.blind && watch.log.Pending() == 0, "", err
	})
	var late *target.TimeoutError
	if errors.As(err, &late) {
		watch.arrived(ctx)
		return false, nil
	}
	return err == nil, err
}

// liveMaster returns the running server that replicates, and the one to which it does;
// nil where there is none.
func (s Scene) liveMaster() (master, replica target.Server) {
	servers, err := s.servers()
	if err != nil || len(servers) != 2 {
		return nil, nil
	}
	switch s.Master {
	case servers[0].Name():
		return servers[0], servers[1]
	case servers[1].Name():
		return servers[1], servers[0]
	}
	return nil, nil
}
