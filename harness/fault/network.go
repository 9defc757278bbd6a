package fault

import (
	"context"
	"fmt"
	"time"

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
func (NetworkCut) Effects() Effects { return Effects{StopsReplication: true, EitherSide: true} }

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
func (NetworkSlow) Effects() Effects { return Effects{NeedsReplication: true, EitherSide: true} }

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
func (NetworkNarrow) Effects() Effects { return Effects{NeedsReplication: true, EitherSide: true} }

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
func (NetworkLossy) Effects() Effects { return Effects{NeedsReplication: true, EitherSide: true} }

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

// late is replication that goes on, and too slowly: the damage is by how much the
// replica is behind when it is looked at.
type late struct {
	scene    Scene
	evidence target.Evidence
	lasts    func(context.Context) (bool, error)
}

// Look implements [Instance].
func (l *late) Look(ctx context.Context) (Report, error) {
	report := Report{Evidence: l.evidence, State: Live}
	damage, err := unreplicated(ctx, l.scene)
	if err != nil {
		return Report{}, err
	}
	report.Damage = behind(l.scene, damage)
	lasts, err := l.lasts(ctx)
	if err != nil {
		return Report{}, err
	}
	if !lasts && len(damage) == 0 {
		report.State = Healed
	}
	return report, nil
}

// behind makes of what the replica lacks one damage for each account.
func behind(scene Scene, lacking []Damage) []Damage {
	var damage []Damage
	for _, account := range scene.Accounts {
		count := 0
		for _, d := range lacking {
			if d.Account == account {
				count++
			}
		}
		if count > 0 {
			damage = append(damage, Damage{
				Place: target.Place{Server: scene.On.Other(), Account: account}, Kind: target.ReplicaBehind, How: fmt.Sprintf("by %d changes", count),
			})
		}
	}
	return damage
}

// burst is how many messages each account gets for each count.
const burst = 50

// ReplicaLagging loads the master with mail faster than it is replicated.
type ReplicaLagging struct{}

// Name implements [Fault].
func (ReplicaLagging) Name() string { return "replica-lagging" }

// Doc implements [Fault].
func (ReplicaLagging) Doc() string {
	return "`count` times 50 messages arrive for each account, all at once: the replica is behind until it has caught up by itself"
}

// Effects implements [Fault].
func (ReplicaLagging) Effects() Effects { return Effects{NeedsReplication: true} }

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
func (SyncPortGarbled) Effects() Effects { return Effects{StopsReplication: true, ReplicaOnly: true} }

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
