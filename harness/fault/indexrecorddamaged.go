package fault

import (
	"context"
	"fmt"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// giveUpWithin is how long the master process may take to give up on a
// sync_client that dies again and again.
const giveUpWithin = 60 * time.Second

// IndexRecordDamaged flips two bytes in one record of the index of a chosen
// mailbox on the master. sync_client dies of reading it, is started again, dies
// again, and after five times is disabled: from then on nothing is replicated
// for anybody, and nothing says so.
type IndexRecordDamaged struct{}

// Name implements [Fault].
func (IndexRecordDamaged) Name() string { return "index-record-damaged" }

// Doc implements [Fault].
func (IndexRecordDamaged) Doc() string {
	return "two bytes of one record in cyrus.index of the master are flipped: sync_client dies of it five times and is disabled, for all users"
}

// Effects implements [Fault].
func (IndexRecordDamaged) Effects() Effects {
	return Effects{Breaks: Index, StopsReplication: true, HurtsMailboxes: true}
}

// Inject implements [Fault]. A message is delivered to the mailbox's account
// afterwards, so that sync_client comes upon the record: only INBOXes will do,
// and only with several messages in them, for delivery reads the last record.
func (IndexRecordDamaged) Inject(ctx context.Context, scene Scene) (Instance, error) {
	for i := range scene.Mailboxes {
		scene.Mailboxes[i].Mailbox = "INBOX"
	}
	instance, err := spoilIndexes(ctx, scene, target.IndexSaboteur.DamageRecord)
	if err != nil {
		return nil, err
	}
	h := instance.(*harmed)
	if !h.evidence.Landed() {
		return h, nil
	}
	server := scene.Pair.Server(scene.On)
	const pill = "Subject: what makes sync_client look\r\n\r\n.\r\n"
	if err := server.User().Deliver(ctx, scene.Mailboxes[0].Account, []byte(pill)); err != nil {
		return nil, fmt.Errorf("delivering what makes sync_client look at the record: %w", err)
	}
	if err := waitGivenUp(ctx, scene); err != nil {
		return nil, err
	}
	h.evidence = h.evidence.And(target.Evidence{
		Summary: "sync_client has died of it until it was started no more",
		Facts:   []target.Fact{{What: "sync_client on " + string(scene.On), Before: "running", After: "given up"}},
	})
	return h, nil
}

// waitGivenUp waits until no sync_client is started any more.
func waitGivenUp(ctx context.Context, scene Scene) error {
	server := scene.Pair.Server(scene.On)
	return target.WaitUntil(ctx, scene.Pair.Clock(), giveUpWithin, "sync_client to be given up", func(ctx context.Context) (bool, string, error) {
		alive, err := runs(ctx, server, syncClient)
		if alive || err != nil {
			return false, "it runs", err
		}
		if err := scene.Pair.Clock().Sleep(ctx, time.Second); err != nil { // it may just be between two lives
			return false, "", err
		}
		alive, err = runs(ctx, server, syncClient)
		return !alive, "it was started again", err
	})
}

func runs(ctx context.Context, server target.Server, process string) (bool, error) {
	processes, err := server.Host().Processes(ctx)
	for _, p := range processes {
		if p.Name == process {
			return true, err
		}
	}
	return false, err
}
