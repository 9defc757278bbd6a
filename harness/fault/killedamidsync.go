package fault

import (
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// KilledAmidSync kills a server while a batch is being replicated.
type KilledAmidSync struct{}

// amidSyncLoad bounds how much mail each account gets until a batch is seen at work.
const amidSyncLoad = 500

// Name implements [Fault].
func (KilledAmidSync) Name() string { return "killed-amid-sync" }

// Doc implements [Fault].
func (KilledAmidSync) Doc() string {
	return "a server is killed while sync_client works on a batch: log-run is left, and comes first in its next life"
}

// Effects implements [Fault].
func (KilledAmidSync) Effects() Effects {
	return Effects{Breaks: Process, KillsServer: true, NeedsReplication: true, EitherSide: true}
}

// Inject implements [Fault]. sync_client is stopped in its batch, so that the kill
// hits it there.
func (KilledAmidSync) Inject(ctx context.Context, scene Scene) (Instance, error) {
	source := asMaster(scene)
	inWork := 0
	err := underLoad(ctx, source, amidSyncLoad, func(ctx context.Context, over func() bool) (err error) {
		for inWork == 0 && err == nil {
			if over() {
				return fmt.Errorf("%s on %s was never seen within a batch", syncClient, source.On)
			}
			inWork, err = stopInBatch(ctx, source)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return killAmidSync(ctx, scene, source, inWork)
}

// stopInBatch stops sync_client and returns how many entries its batch has. Where it is
// in none it goes on.
func stopInBatch(ctx context.Context, source Scene) (entries int, err error) {
	saboteur := source.Pair.Saboteur()
	if _, err := saboteur.Suspend(ctx, source.On, syncClient); err != nil {
		return 0, fmt.Errorf("stopping sync_client on %s: %w", source.On, err)
	}
	log, err := source.Pair.Server(source.On).Host().SyncLog(ctx)
	if err != nil {
		return 0, fmt.Errorf("reading the sync log of %s: %w", source.On, err)
	}
	if len(log.InWork.Entries) > 0 {
		return len(log.InWork.Entries), nil
	}
	if _, err := saboteur.Resume(ctx, source.On, syncClient); err != nil {
		return 0, fmt.Errorf("letting sync_client on %s go on: %w", source.On, err)
	}
	return 0, nil
}

func killAmidSync(ctx context.Context, scene, source Scene, inWork int) (Instance, error) {
	damage, err := unreplicated(ctx, source)
	if err != nil {
		return nil, err
	}
	evidence, err := scene.Pair.Saboteur().KillServer(ctx, scene.On)
	if err != nil {
		return nil, fmt.Errorf("killing %s amid a batch: %w", scene.On, err)
	}
	if scene.On != source.On {
		if _, err := scene.Pair.Saboteur().Resume(ctx, source.On, syncClient); err != nil {
			return nil, fmt.Errorf("letting sync_client on %s go on: %w", source.On, err)
		}
	}
	evidence = evidence.And(target.Evidence{
		Summary: fmt.Sprintf("%d entries of a batch were at work", inWork),
		Facts:   []target.Fact{{What: "entries in log-run of " + string(source.On), Before: "0", After: fmt.Sprint(inWork)}},
	})
	return &standing{
		evidence: evidence, damage: append(onServer(scene, target.ServerDown, "it was killed amid a batch"), damage...),
		live: func(ctx context.Context) (bool, error) {
			isDown, err := down(scene)(ctx)
			if isDown || err != nil {
				return true, err
			}
			made, err := madeGood(ctx, source, damage)
			return !made, err
		},
	}, nil
}
