package property

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// CrossWithin is how long a change may take from the master to the replica.
const CrossWithin = 30 * time.Second

// errNoReplica says that nothing replicates.
var errNoReplica = errors.New("the server that serves has no replica")

// SideState is one server of the pair to the body: its snapshot of each
// account, or why there is none.
type SideState struct {
	Server   target.ServerName
	Accounts map[string]target.Snapshot
	Failed   map[string]error
}

// replica returns the server that receives what the serving one sends.
func replica(pair target.Pair) (target.Server, bool) {
	other := pair.Server(pair.Serving().Name().Other())
	return other, pair.Role(other.Name()) == target.RoleReplica
}

// ReadSides reads both servers to the body, Imap1 first, once nothing waits in
// the sync log any more, or could not in [CrossWithin]. Without a replica there
// is nothing to read, and both are nil. The error is ctx's; failures of the
// servers are kept in the sides.
func ReadSides(ctx context.Context, pair target.Pair, accounts []string) ([2]*SideState, error) {
	var sides [2]*SideState
	if _, ok := replica(pair); !ok {
		return sides, nil
	}
	settle(ctx, pair)
	for i, server := range pair.Servers() {
		side := &SideState{Server: server.Name(), Accounts: map[string]target.Snapshot{}, Failed: map[string]error{}}
		var mu sync.Mutex
		err := sideBySide(ctx, pair.Executor(), accounts, func(ctx context.Context, account string) error {
			snap, err := target.TakeSnapshot(ctx, server, account, target.LevelBody)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				side.Failed[account] = err
			} else {
				side.Accounts[account] = snap
			}
			return ctx.Err()
		})
		if err != nil {
			return sides, fmt.Errorf("reading %s: %w", server.Name(), err)
		}
		sides[i] = side
	}
	return sides, nil
}

// settle waits for an empty sync log. Where it does not get empty, the sides
// show what is missing.
func settle(ctx context.Context, pair target.Pair) {
	_ = target.WaitUntil(ctx, pair.Clock(), CrossWithin, "an empty sync log", func(ctx context.Context) (bool, string, error) {
		log, err := pair.Serving().Host().SyncLog(ctx)
		return log.Pending() == 0, "", err
	})
}

// Crossing is one message's way from the master to the replica.
type Crossing struct {
	Account string
	Took    time.Duration
	Err     error // why it did not arrive, or why that is not known
}

// Cross delivers a probe to the account on the master, waits until its user can
// read it on the replica, and expunges it again. The error is ctx's.
func Cross(ctx context.Context, pair target.Pair, account string) (Crossing, error) {
	crossing := Crossing{Account: account}
	to, ok := replica(pair)
	if !ok {
		crossing.Err = errNoReplica
		return crossing, ctx.Err()
	}
	p := newProber(pair, pair.Serving(), account)
	defer p.visit.close()
	marker, body := p.message("")
	start := pair.Clock().Now()
	if crossing.Err = p.deliver(ctx, body); crossing.Err != nil {
		return crossing, ctx.Err()
	}
	mailbox, uid, err := p.locate(ctx, marker, "INBOX")
	if crossing.Err = err; err == nil && uid == 0 {
		crossing.Err = &target.TimeoutError{What: "the probe to be on the master, which took it"}
	}
	if crossing.Err == nil {
		crossing.Err = arrive(ctx, pair, to, account, mailbox, marker)
		crossing.Took = pair.Clock().Now().Sub(start)
	}
	p.remove(ctx, mailbox, uid)
	return crossing, ctx.Err()
}

func arrive(ctx context.Context, pair target.Pair, to target.Server, account, mailbox, marker string) error {
	what := fmt.Sprintf("a message to be in %s of %s on %s", mailbox, account, to.Name())
	return target.WaitUntil(ctx, pair.Clock(), CrossWithin, what, func(ctx context.Context) (bool, string, error) {
		visit := &visitor{clock: pair.Clock(), server: to, account: account}
		defer visit.close()
		uid, err := visit.marked(ctx, mailbox, marker)
		if err != nil && !isRefusal(err) {
			return false, "", err
		}
		return uid != 0, orNothing(err), nil
	})
}
