package fault

import (
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// ReplicaLagging loads the master with mail faster than it is replicated.
type ReplicaLagging struct{}

// Name implements [Fault].
func (ReplicaLagging) Name() string { return "replica-lagging" }

// Doc implements [Fault].
func (ReplicaLagging) Doc() string {
	return "`count` times 50 messages arrive for each account, all at once: the replica is behind until it has caught up by itself"
}

// Effects implements [Fault].
func (ReplicaLagging) Effects() Effects { return Effects{Breaks: SyncLog, NeedsReplication: true} }

// Inject implements [Fault].
func (ReplicaLagging) Inject(ctx context.Context, scene Scene) (Instance, error) {
	host, messages, most := scene.Pair.Server(scene.On).Host(), burst*max(scene.Count, 1), 0
	before, err := host.SyncLog(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the sync log of %s: %w", scene.On, err)
	}
	err = underLoad(ctx, scene, messages, func(ctx context.Context, over func() bool) error {
		for !over() {
			log, err := host.SyncLog(ctx)
			if err != nil {
				return fmt.Errorf("reading the sync log of %s: %w", scene.On, err)
			}
			most = max(most, log.Pending())
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	evidence := target.Evidence{
		Summary: fmt.Sprintf("%d messages arrived for each of %d accounts, and up to %d entries waited in the sync log", messages, len(scene.Accounts), most),
		Facts:   []target.Fact{{What: fmt.Sprintf("entries in the sync log of %s, at most", scene.On), Before: fmt.Sprint(before.Pending()), After: fmt.Sprint(most)}},
	}
	return &late{scene: scene, evidence: evidence, lasts: func(context.Context) (bool, error) { return false, nil }}, nil
}
