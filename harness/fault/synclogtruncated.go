package fault

import (
	"context"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// SyncLogTruncated cuts the sync log off in its middle while mail for each account
// waits in it: what came after is never sent, and one line is half of one.
type SyncLogTruncated struct{}

// Name implements [Fault].
func (SyncLogTruncated) Name() string { return "sync-log-truncated" }

// Doc implements [Fault].
func (SyncLogTruncated) Doc() string {
	return "a message for each account waits in the sync log, which is cut off in its middle; sync_client works off what is left, and nobody is told"
}

// Effects implements [Fault].
func (SyncLogTruncated) Effects() Effects { return Effects{Breaks: SyncLog, NeedsReplication: true} }

// Inject implements [Fault].
func (SyncLogTruncated) Inject(ctx context.Context, scene Scene) (Instance, error) {
	saboteur, err := hand[target.LogSaboteur](scene, "sync logs that are cut off")
	if err != nil {
		return nil, err
	}
	evidence, err := underSyncClient(ctx, scene, func() (target.Evidence, error) {
		if err := deliverEach(ctx, scene, 1); err != nil {
			return target.Evidence{}, err
		}
		return saboteur.CutSyncLog(ctx, scene.On)
	})
	if err != nil {
		return nil, err
	}
	if err := workedOff(ctx, scene); err != nil {
		return nil, err
	}
	damage, err := unreplicated(ctx, scene)
	if err != nil {
		return nil, err
	}
	return &standing{evidence: evidence, damage: damage, live: func(ctx context.Context) (bool, error) {
		made, err := madeGood(ctx, scene, damage)
		return !made, err
	}}, nil
}
