package fault

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// burst is how many messages each account gets for each count.
const burst = 50

// followsWithin is how long the other side may take to follow what was done to one.
const followsWithin = 30 * time.Second

var errNoMailbox = errors.New("no mailbox was chosen")

// appendInto stores a message in a mailbox and returns where it is.
func appendInto(ctx context.Context, server target.Server, m ChosenMailbox, body []byte) (gone, error) {
	session, err := server.User().Login(ctx, m.Account)
	if err != nil {
		return gone{}, fmt.Errorf("logging in as %s on %s: %w", m.Account, server.Name(), err)
	}
	defer session.Close() // what matters has been answered
	_, uids, err := session.Append(ctx, m.Mailbox, target.AppendMessage{Body: body})
	if err != nil {
		return gone{}, fmt.Errorf("appending to %s of %s on %s: %w", m.Mailbox, m.Account, server.Name(), err)
	}
	return gone{target.Place{Server: server.Name(), Account: m.Account, Mailbox: m.Mailbox, UID: uids[0], GUID: target.DigestBody(body)}}, nil
}

// burden is a message that a fault needs for itself. The ledger does not know it.
func burden(n int) []byte {
	return fmt.Appendf(nil, "Subject: burden %d\r\nMessage-ID: <burden-%d@cyrdrill>\r\n\r\nWhat a fault needs of its own.\r\n", n, n)
}

// deliverEach delivers so many messages to each of the scene's accounts, to one after
// the other.
func deliverEach(ctx context.Context, scene Scene, count int) error {
	to := scene.Pair.Server(scene.On)
	for _, account := range scene.Accounts {
		for range count {
			if err := to.User().Deliver(ctx, account, []byte(load)); err != nil {
				return fmt.Errorf("delivering what the fault needs to %s: %w", account, err)
			}
		}
	}
	return nil
}

// underLoad delivers to each of the scene's accounts, at most so many messages, while
// it does something beside that. That ends the load when it returns, and is told when
// the load is over.
func underLoad(ctx context.Context, scene Scene, atMost int, beside func(ctx context.Context, over func() bool) error) error {
	var loading atomic.Int32
	var enough atomic.Bool
	loading.Store(int32(len(scene.Accounts)))
	to := scene.Pair.Server(scene.On)
	tasks := []func(context.Context) error{func(ctx context.Context) error {
		defer enough.Store(true)
		return beside(ctx, func() bool { return loading.Load() == 0 })
	}}
	for _, account := range scene.Accounts {
		tasks = append(tasks, func(ctx context.Context) error {
			defer loading.Add(-1)
			for i := 0; i < atMost && !enough.Load(); i++ {
				if err := to.User().Deliver(ctx, account, []byte(load)); err != nil {
					return fmt.Errorf("delivering what the fault needs to %s: %w", account, err)
				}
			}
			return nil
		})
	}
	return scene.Pair.Executor().Run(ctx, tasks...)
}

// load is a message that a fault needs for itself.
const load = "Subject: load\r\n\r\nWhat a fault needs of its own.\r\n"
