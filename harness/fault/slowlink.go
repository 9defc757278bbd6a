package fault

import (
	"context"
	"fmt"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// What networks are like where a plan does not say.
const (
	defaultDelay = time.Second
	defaultRate  = 4 << 10 // bytes a second
	defaultLoss  = 20      // of a hundred packets
)

// NetworkSlow lets the replica's answers come late.
type NetworkSlow struct{}

// Name implements [Fault].
func (NetworkSlow) Name() string { return "network-slow" }

// Doc implements [Fault].
func (NetworkSlow) Doc() string {
	return "each answer in the network of replication comes later, `by` so much (1s); more than sync_timeout stops replication"
}

// Effects implements [Fault].
func (NetworkSlow) Effects() Effects {
	return Effects{Breaks: Network, NeedsReplication: true, EitherSide: true}
}

// Inject implements [Fault].
func (NetworkSlow) Inject(ctx context.Context, scene Scene) (Instance, error) {
	by := scene.By
	if by == 0 {
		by = defaultDelay
	}
	return slow(ctx, scene, func(n target.NetworkSaboteur) (target.Evidence, error) { return n.Delay(ctx, scene.On, by) })
}

// NetworkNarrow lets few bytes through between the two.
type NetworkNarrow struct{}

// Name implements [Fault].
func (NetworkNarrow) Name() string { return "network-narrow" }

// Doc implements [Fault].
func (NetworkNarrow) Doc() string {
	return "the network of replication lets few bytes through, `rate` KiB a second (4): a batch that takes longer than sync_timeout never gets there"
}

// Effects implements [Fault].
func (NetworkNarrow) Effects() Effects {
	return Effects{Breaks: Network, NeedsReplication: true, EitherSide: true}
}

// Inject implements [Fault].
func (NetworkNarrow) Inject(ctx context.Context, scene Scene) (Instance, error) {
	rate := scene.Rate << 10
	if rate == 0 {
		rate = defaultRate
	}
	return slow(ctx, scene, func(n target.NetworkSaboteur) (target.Evidence, error) { return n.Throttle(ctx, scene.On, rate) })
}

// NetworkLossy loses packets between the two. Real pairs cannot do it.
type NetworkLossy struct{}

// Name implements [Fault].
func (NetworkLossy) Name() string { return "network-lossy" }

// Doc implements [Fault].
func (NetworkLossy) Doc() string {
	return "the network of replication loses `loss` of a hundred packets (20), which TCP sends again; not on docker"
}

// Effects implements [Fault].
func (NetworkLossy) Effects() Effects {
	return Effects{Breaks: Network, NeedsReplication: true, EitherSide: true, NeedsModel: true}
}

// Inject implements [Fault].
func (NetworkLossy) Inject(ctx context.Context, scene Scene) (Instance, error) {
	loss := scene.Loss
	if loss == 0 {
		loss = defaultLoss
	}
	return slow(ctx, scene, func(n target.NetworkSaboteur) (target.Evidence, error) { return n.Lose(ctx, scene.On, loss) })
}

func slow(ctx context.Context, scene Scene, do func(target.NetworkSaboteur) (target.Evidence, error)) (Instance, error) {
	network, err := hand[target.NetworkSaboteur](scene, "slow networks")
	if err != nil {
		return nil, err
	}
	evidence, err := do(network)
	if err != nil {
		return nil, fmt.Errorf("slowing the network of %s: %w", scene.On, err)
	}
	return &late{scene: asMaster(scene), evidence: evidence, lasts: func(ctx context.Context) (bool, error) {
		link, err := network.Link(ctx, scene.On)
		link.Cut = false
		return link != (target.Link{}), err
	}}, nil
}
