package sim_test

import (
	"context"
	"fmt"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

// A message that is delivered to the master is on the replica before long, on the pair's
// own clock.
func ExampleNewPair() {
	ctx := context.Background()
	pair, err := sim.NewPair(ctx, target.Spec{Seed: 1, Accounts: []string{"alice"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pair.Close(ctx)
	if err := pair.Serving().User().Deliver(ctx, "alice", []byte("Subject: hello\r\n\r\nHello.\r\n")); err != nil {
		fmt.Println(err)
		return
	}
	replica := pair.Server(target.Imap2)
	err = target.WaitUntil(ctx, pair.Clock(), 5*time.Second, "the message to arrive", func(ctx context.Context) (bool, string, error) {
		inbox, err := replica.Index().Mailbox(ctx, "alice", "INBOX")
		return len(inbox.Live()) == 1, "it has not arrived", err
	})
	fmt.Println(err)
	// Output: <nil>
}
