package fault

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// workedOffWithin is how long sync_client may take for what is left in its log.
const workedOffWithin = 30 * time.Second

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
func (SyncLogTruncated) Effects() Effects { return Effects{NeedsReplication: true} }

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

// underSyncClient does something to the sync log while sync_client does not look.
func underSyncClient(ctx context.Context, scene Scene, do func() (target.Evidence, error)) (evidence target.Evidence, err error) {
	saboteur := scene.Pair.Saboteur()
	if _, err := saboteur.Suspend(ctx, scene.On, syncClient); err != nil {
		return target.Evidence{}, fmt.Errorf("stopping sync_client on %s: %w", scene.On, err)
	}
	defer func() {
		_, back := saboteur.Resume(context.WithoutCancel(ctx), scene.On, syncClient)
		if err == nil {
			err = back
		}
	}()
	return do()
}

// workedOff waits until nothing waits in the sync log.
func workedOff(ctx context.Context, scene Scene) error {
	host := scene.Pair.Server(scene.On).Host()
	return target.WaitUntil(ctx, scene.Pair.Clock(), workedOffWithin, "the sync log of "+string(scene.On)+" to be worked off", func(ctx context.Context) (bool, string, error) {
		log, err := host.SyncLog(ctx)
		return log.Pending() == 0, fmt.Sprintf("%d entries", log.Pending()), err
	})
}

// SyncLogForeignLine puts a line for a mailbox that does not exist into the sync log.
// sync_client asks for it, hears of none, and goes on.
type SyncLogForeignLine struct{}

// foreignLine names an account that no plan can have.
const foreignLine = "MAILBOX user.0nobody"

// Name implements [Fault].
func (SyncLogForeignLine) Name() string { return "sync-log-foreign-line" }

// Doc implements [Fault].
func (SyncLogForeignLine) Doc() string {
	return "the sync log holds a line for a mailbox that does not exist; nothing may stop because of it"
}

// Effects implements [Fault].
func (SyncLogForeignLine) Effects() Effects { return Effects{NeedsReplication: true} }

// Inject implements [Fault].
func (SyncLogForeignLine) Inject(ctx context.Context, scene Scene) (Instance, error) {
	saboteur, err := hand[target.LogSaboteur](scene, "lines put into sync logs")
	if err != nil {
		return nil, err
	}
	evidence, err := underSyncClient(ctx, scene, func() (target.Evidence, error) { return saboteur.AddLogLine(ctx, scene.On, foreignLine) })
	if err != nil {
		return nil, err
	}
	return &standing{evidence: evidence, live: func(ctx context.Context) (bool, error) {
		log, err := scene.Pair.Server(scene.On).Host().SyncLog(ctx)
		return slices.Contains(log.Current.Entries, foreignLine) || slices.Contains(log.InWork.Entries, foreignLine), err
	}}, nil
}
