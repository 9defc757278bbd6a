package fault

import (
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// ReplicationLost ends sync_client for good, and the sync log with it: what
// waited there will never be sent, not even when replication runs again.
type ReplicationLost struct{}

// Name implements [Fault].
func (ReplicationLost) Name() string { return "replication-lost" }

// Doc implements [Fault].
func (ReplicationLost) Doc() string {
	return "sync_client dies until the master process starts it no more, and the sync log is lost"
}

// Effects implements [Fault].
func (ReplicationLost) Effects() Effects { return Effects{Breaks: SyncLog, StopsReplication: true} }

// Inject implements [Fault].
func (ReplicationLost) Inject(ctx context.Context, scene Scene) (Instance, error) {
	hand, ok := scene.Pair.Saboteur().(target.ReplicationSaboteur)
	if !ok {
		return nil, notOnThisTarget("the loss of a sync log")
	}
	evidence, err := hand.LoseSyncLog(ctx, scene.On)
	if err != nil {
		return nil, fmt.Errorf("ending replication on %s: %w", scene.On, err)
	}
	return &stopped{scene: scene, frozen: evidence, lasts: noSyncClient(scene)}, nil
}
