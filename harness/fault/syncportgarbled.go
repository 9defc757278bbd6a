package fault

import (
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// SyncPortGarbled lets something else than sync_server answer at the replica's port
// for replication, with bytes of no meaning.
type SyncPortGarbled struct{}

// Name implements [Fault].
func (SyncPortGarbled) Name() string { return "sync-port-garbled" }

// Doc implements [Fault].
func (SyncPortGarbled) Doc() string {
	return "the replica's port for replication answers with bytes of no meaning, to observers as well; sync_client tries again once a second"
}

// Effects implements [Fault].
func (SyncPortGarbled) Effects() Effects {
	return Effects{Breaks: Network, StopsReplication: true, ReplicaOnly: true}
}

// Inject implements [Fault].
func (SyncPortGarbled) Inject(ctx context.Context, scene Scene) (Instance, error) {
	ports, err := hand[target.PortSaboteur](scene, "ports that answer garbage")
	if err != nil {
		return nil, err
	}
	source := asMaster(scene)
	evidence, err := ports.Garble(ctx, scene.On)
	if err != nil {
		return nil, fmt.Errorf("garbling the port of %s: %w", scene.On, err)
	}
	return &standing{
		evidence: evidence,
		damage:   onServer(source, target.ReplicationStopped, "the replica's port answers with bytes of no meaning"),
		live:     func(ctx context.Context) (bool, error) { return ports.Garbled(ctx, scene.On) },
	}, nil
}
