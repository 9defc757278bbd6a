package fault

import (
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// NetworkCut takes a server out of the network of replication. Users and observers
// reach both servers all the same.
type NetworkCut struct{}

// Name implements [Fault].
func (NetworkCut) Name() string { return "network-cut" }

// Doc implements [Fault].
func (NetworkCut) Doc() string {
	return "a server is cut off the network of replication; users and observers reach both servers all the same"
}

// Effects implements [Fault].
func (NetworkCut) Effects() Effects {
	return Effects{Breaks: Network, StopsReplication: true, EitherSide: true}
}

// Inject implements [Fault].
func (NetworkCut) Inject(ctx context.Context, scene Scene) (Instance, error) {
	return cutOff(ctx, scene)
}

func cutOff(ctx context.Context, scene Scene) (*stopped, error) {
	network, err := hand[target.NetworkSaboteur](scene, "networks that can be cut")
	if err != nil {
		return nil, err
	}
	source := asMaster(scene)
	before, err := source.Pair.Server(source.On).Host().SyncLog(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the sync log of %s: %w", source.On, err)
	}
	evidence, err := network.Cut(ctx, scene.On)
	if err != nil {
		return nil, fmt.Errorf("cutting %s off: %w", scene.On, err)
	}
	return &stopped{scene: source, frozen: evidence, pendingBefore: before.Pending(), lasts: func(ctx context.Context) (bool, error) {
		link, err := network.Link(ctx, scene.On)
		return link.Cut, err
	}}, nil
}
