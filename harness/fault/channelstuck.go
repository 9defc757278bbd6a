package fault

import (
	"context"
	"fmt"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/mailboxname"
)

// ChannelStuck breaks one mailbox whose change waits in the sync log: sync_client
// bails out on it again and again, and whatever is changed after that waits as well,
// for all users.
type ChannelStuck struct{}

// stuckFor is after what time a batch that is still in work counts as stuck.
const stuckFor = 2 * time.Second

// Name implements [Fault].
func (ChannelStuck) Name() string { return "channel-stuck" }

// Doc implements [Fault].
func (ChannelStuck) Doc() string {
	return "the index of a mailbox that waits in the sync log is cut off: sync_client bails out on it for ever, and all changes after it wait, for all users"
}

// Effects implements [Fault].
func (ChannelStuck) Effects() Effects {
	return Effects{Breaks: Index, StopsReplication: true, HurtsMailboxes: true}
}

// Inject implements [Fault].
func (ChannelStuck) Inject(ctx context.Context, scene Scene) (Instance, error) {
	logs, err := hand[target.LogSaboteur](scene, "lines put into sync logs")
	if err != nil {
		return nil, err
	}
	var broken *harmed
	evidence, err := underSyncClient(ctx, scene, func() (target.Evidence, error) {
		instance, err := spoilIndexes(ctx, scene, target.IndexSaboteur.TruncateIndex)
		if err != nil {
			return target.Evidence{}, err
		}
		broken = instance.(*harmed)
		evidence := broken.evidence
		for _, m := range scene.Mailboxes {
			line, err := logs.AddLogLine(ctx, scene.On, "MAILBOX "+mailboxname.Internal(m.Account, m.Mailbox))
			if err != nil {
				return target.Evidence{}, err
			}
			evidence = evidence.And(line)
		}
		return evidence, nil
	})
	if err != nil {
		return nil, err
	}
	if err := scene.Pair.Clock().Sleep(ctx, stuckFor); err != nil {
		return nil, err
	}
	log, err := scene.Pair.Server(scene.On).Host().SyncLog(ctx)
	if err != nil {
		return nil, err
	}
	if log.Pending() == 0 {
		return nil, fmt.Errorf("sync_client on %s has worked off its log all the same", scene.On)
	}
	evidence = evidence.And(target.Evidence{Facts: []target.Fact{{
		What: fmt.Sprintf("entries in the sync log of %s that %s does not get rid of", scene.On, syncClient), Before: "0", After: fmt.Sprint(log.Pending()),
	}}})
	report, err := broken.Look(ctx)
	if err != nil {
		return nil, err
	}
	return &stopped{scene: scene, frozen: evidence, pendingBefore: log.Pending(), beside: report.Damage, lasts: func(ctx context.Context) (bool, error) {
		report, err := broken.Look(ctx)
		return report.State == Live, err
	}}, nil
}
