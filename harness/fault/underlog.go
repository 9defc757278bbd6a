package fault

import (
	"context"
	"fmt"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// workedOffWithin is how long sync_client may take for what is left in its log.
const workedOffWithin = 30 * time.Second

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
