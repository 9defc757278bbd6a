package fault

import (
	"context"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

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
func (SyncLogForeignLine) Effects() Effects { return Effects{Breaks: SyncLog, NeedsReplication: true} }

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
