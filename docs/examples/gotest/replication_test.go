package gotest

import (
	"context"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
	"pgregory.net/rapid"
)

// The replica has whatever flags a user sets. Real servers: cyrus.New(), of harness/cyrus.
func TestFlagsAreReplicated(t *testing.T) {
	ctx, accounts := t.Context(), []string{"alice"}
	pair, err := sim.New().NewPair(ctx, target.Spec{Seed: 1, Accounts: accounts})
	if err != nil {
		t.Fatal(err)
	}
	defer pair.Close(context.Background())
	rapid.Check(t, func(t *rapid.T) {
		must := func(err error) {
			if err != nil {
				t.Fatal(err)
			}
		}
		flags := rapid.SliceOfDistinct(rapid.SampledFrom([]string{`\Seen`, `\Flagged`, "$Work"}), rapid.ID).Draw(t, "flags")
		must(pair.Reset(ctx, accounts))
		must(pair.Serving().User().Deliver(ctx, "alice", []byte("Subject: hello\r\n\r\nHello.\r\n")))
		alice, err := pair.Serving().User().Login(ctx, "alice")
		must(err)
		must(alice.SetFlags(ctx, "INBOX", []uint32{1}, flags, nil))
		must(target.WaitUntil(ctx, pair.Clock(), 10*time.Second, "both to be equal", func(ctx context.Context) (bool, string, error) {
			snaps, err := target.TakeSnapshots(ctx, pair.Executor(), accounts, target.LevelBody, pair.Server("imap1"), pair.Server("imap2"))
			return len(target.Diff(snaps["imap1"]["alice"], snaps["imap2"]["alice"])) == 0, "they differ", err
		}))
	})
}
