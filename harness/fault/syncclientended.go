package fault

import (
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// untilGivenUp is how often a process has to die in a row for Cyrus's master process
// to start it no more.
const untilGivenUp = 5

// SyncClientKilled ends sync_client by SIGKILL, so many times in a row. Its master
// process starts it again, and the batch in work comes first.
type SyncClientKilled struct{}

// Name implements [Fault].
func (SyncClientKilled) Name() string { return "sync-client-killed" }

// Doc implements [Fault].
func (SyncClientKilled) Doc() string {
	return "sync_client is killed (SIGKILL) `count` times, at most 4; it is started again, and goes on where it was"
}

// Effects implements [Fault].
func (SyncClientKilled) Effects() Effects { return Effects{NeedsReplication: true} }

// Inject implements [Fault].
func (SyncClientKilled) Inject(ctx context.Context, scene Scene) (Instance, error) {
	times := min(max(scene.Count, 1), untilGivenUp-1)
	evidence, err := killSyncClient(ctx, scene, times)
	if err != nil {
		return nil, err
	}
	return &standing{evidence: evidence, damage: onServer(scene, target.ProcessCrashed, fmt.Sprintf("sync_client was killed %d times", times))}, nil
}

func killSyncClient(ctx context.Context, scene Scene, times int) (target.Evidence, error) {
	saboteur, err := hand[target.ProcessSaboteur](scene, "processes that are killed one by one")
	if err != nil {
		return target.Evidence{}, err
	}
	evidence, err := saboteur.KillProcess(ctx, scene.On, syncClient, times)
	if err != nil {
		return target.Evidence{}, fmt.Errorf("killing sync_client on %s: %w", scene.On, err)
	}
	return evidence, nil
}

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
func (SyncClientGivenUp) Effects() Effects { return Effects{StopsReplication: true} }

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
