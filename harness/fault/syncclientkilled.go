package fault

import (
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

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
func (SyncClientKilled) Effects() Effects { return Effects{Breaks: Process, NeedsReplication: true} }

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
