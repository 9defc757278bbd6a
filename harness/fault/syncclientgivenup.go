package fault

import (
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// untilGivenUp is how often a process has to die in a row for Cyrus's master process
// to start it no more.
const untilGivenUp = 5

// SyncClientGivenUp kills sync_client until Cyrus's master process starts it no more:
// from then on nothing is replicated for anybody, and nothing says so. The sync log
// is kept.
type SyncClientGivenUp struct{}

// Name implements [Fault].
func (SyncClientGivenUp) Name() string { return "sync-client-given-up" }

// Doc implements [Fault].
func (SyncClientGivenUp) Doc() string {
	return "sync_client dies again and again until the master process starts it no more; the sync log is kept, and grows"
}

// Effects implements [Fault].
func (SyncClientGivenUp) Effects() Effects { return Effects{Breaks: Process, StopsReplication: true} }

// Inject implements [Fault].
func (SyncClientGivenUp) Inject(ctx context.Context, scene Scene) (Instance, error) {
	before, err := scene.Pair.Server(scene.On).Host().SyncLog(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the sync log of %s: %w", scene.On, err)
	}
	evidence, err := killSyncClient(ctx, scene, untilGivenUp)
	if err != nil {
		return nil, err
	}
	if err := waitGivenUp(ctx, scene); err != nil {
		return nil, err
	}
	evidence = evidence.And(target.Evidence{
		Summary: "its master process has given up on it",
		Facts:   []target.Fact{{What: "sync_client on " + string(scene.On), Before: "running", After: "given up"}},
	})
	return &stopped{
		scene: scene, frozen: evidence, pendingBefore: before.Pending(), lasts: noSyncClient(scene),
		beside: onServer(scene, target.ProcessCrashed, "sync_client was killed until it was given up"),
	}, nil
}

// noSyncClient says whether no sync_client runs on the scene's server: none is there,
// or it is stopped.
func noSyncClient(scene Scene) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		processes, err := scene.Pair.Server(scene.On).Host().Processes(ctx)
		if err != nil {
			return false, fmt.Errorf("looking for sync_client on %s: %w", scene.On, err)
		}
		for _, p := range processes {
			if p.Name == syncClient && p.State == target.ProcessRunning {
				return false, nil
			}
		}
		return true, nil
	}
}
