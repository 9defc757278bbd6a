package fault

import (
	"context"
	"fmt"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// syncClient is the process that sends the master's changes to the replica.
const syncClient = "sync_client"

// ReplicationStopped freezes the master's sync_client: it is still in the
// process list, and does nothing. The sync log grows and nobody is told.
type ReplicationStopped struct{}

// Name implements [Fault].
func (ReplicationStopped) Name() string { return "replication-stopped" }

// Doc implements [Fault].
func (ReplicationStopped) Doc() string {
	return "sync_client is frozen (SIGSTOP): it is there and does nothing; the sync log grows and nobody is told"
}

// Effects implements [Fault].
func (ReplicationStopped) Effects() Effects { return Effects{Breaks: Process, StopsReplication: true} }

// Inject implements [Fault].
func (ReplicationStopped) Inject(ctx context.Context, scene Scene) (Instance, error) {
	before, err := scene.Pair.Server(scene.On).Host().SyncLog(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the sync log of %s: %w", scene.On, err)
	}
	evidence, err := scene.Pair.Saboteur().Suspend(ctx, scene.On, syncClient)
	if err != nil {
		return nil, fmt.Errorf("freezing sync_client on %s: %w", scene.On, err)
	}
	return &stopped{scene: scene, frozen: evidence, pendingBefore: before.Pending(), lasts: noSyncClient(scene)}, nil
}

type stopped struct {
	scene         Scene
	frozen        target.Evidence
	pendingBefore int             // entries in the sync log when sync_client was frozen
	growth        target.Evidence // last seen while sync_client could be seen
	damage        []Damage
	over          bool // the source has died or lost its role: the damage is what it was then
	failedOver    bool // the other server is the master now, and behind nobody

	beside []Damage                            // what else the fault did
	lasts  func(context.Context) (bool, error) // whether the cause is still there, while the source serves
}

// itself is that replication has stopped.
func (s *stopped) itself() []Damage {
	return append(onServer(s.scene, target.ReplicationStopped, "changes are not sent any more"), s.beside...)
}

// Look implements [Instance]. As long as the source serves, the damage is that
// nothing is sent, and what the source has and the other server lacks; it is healed
// when the cause is gone and the other server lacks nothing. Once the source has died
// or lost its role, what was last seen to be lacking is held against that other
// server.
func (s *stopped) Look(ctx context.Context) (Report, error) {
	alive, err := s.sourceAlive(ctx)
	if err != nil {
		return Report{}, err
	}
	s.over = s.over || !alive
	if !s.over {
		if err := s.measure(ctx); err != nil {
			return Report{}, err
		}
	}
	report := Report{Evidence: s.frozen.And(s.growth), State: Live}
	if s.failedOver {
		report.Damage = slices.Concat(s.beside, s.damage)
	} else {
		report.Damage = slices.Concat(s.itself(), behind(s.scene, s.damage), s.damage)
	}
	healed, err := s.healed(ctx)
	if err != nil {
		return Report{}, err
	}
	if healed {
		report.State = Healed
	}
	return report, nil
}

// sourceAlive says whether the server is still the master, and answers.
func (s *stopped) sourceAlive(ctx context.Context) (bool, error) {
	if s.scene.Pair.Role(s.scene.On) != target.RoleMaster {
		return false, nil
	}
	processes, err := s.scene.Pair.Server(s.scene.On).Host().Processes(ctx)
	if err != nil {
		return false, fmt.Errorf("looking for processes on %s: %w", s.scene.On, err)
	}
	return target.Alive(processes), nil
}

func (s *stopped) measure(ctx context.Context) error {
	log, err := s.scene.Pair.Server(s.scene.On).Host().SyncLog(ctx)
	if err != nil {
		return fmt.Errorf("reading the sync log of %s: %w", s.scene.On, err)
	}
	s.growth = target.Evidence{}
	if log.Pending() > s.pendingBefore {
		s.growth = target.Evidence{
			Summary: fmt.Sprintf("the sync log grew from %d to %d entries", s.pendingBefore, log.Pending()),
			Facts: []target.Fact{{
				What:   fmt.Sprintf("entries in the sync log of %s", s.scene.On),
				Before: fmt.Sprint(s.pendingBefore), After: fmt.Sprint(log.Pending()),
			}},
		}
	}
	damage, err := unreplicated(ctx, s.scene)
	if err != nil {
		return err
	}
	s.damage = damage
	return nil
}

// unreplicated lists what the scene's server has in its index and the other
// has not: live messages, and expunges.
func unreplicated(ctx context.Context, scene Scene) ([]Damage, error) {
	var damage []Damage
	source, other := scene.Pair.Server(scene.On), scene.Pair.Server(scene.On.Other())
	snaps, err := target.TakeSnapshots(ctx, scene.Pair.Executor(), scene.Accounts, target.LevelIndex, source, other)
	if err != nil {
		return nil, err
	}
	for _, account := range scene.Accounts {
		here, there := snaps[source.Name()][account], snaps[other.Name()][account]
		for _, mailbox := range here.Mailboxes {
			copied, _ := there.Mailbox(mailbox.Name)
			target.PairRecords(mailbox.Records, copied.Records, func(has, lacks *target.Record) {
				if kind, how := lackOf(has, lacks); kind != "" {
					damage = append(damage, Damage{
						Place: target.Place{Server: other.Name(), Account: account, Mailbox: mailbox.Name, UID: has.UID, GUID: has.GUID},
						Kind:  kind, How: how,
					})
				}
			})
		}
	}
	return damage, nil
}

// lackOf says what the other side lacks of one record of the source.
func lackOf(has, lacks *target.Record) (target.Kind, string) {
	switch {
	case has == nil:
		return "", ""
	case lacks == nil && !has.Expunged:
		return target.MessageMissing, "never sent to the replica"
	case lacks != nil && has.Expunged && !lacks.Expunged:
		return target.ExpungeMissing, "the expunge was never sent to the replica"
	default:
		return "", ""
	}
}

// healed says whether replication goes on and the other server lacks nothing, or, once
// the source is gone, whether each missing message has been there, by its GUID, and
// each expunged one is gone.
func (s *stopped) healed(ctx context.Context) (bool, error) {
	if s.over {
		return madeGood(ctx, s.scene, s.damage)
	}
	if lasts, err := s.lasts(ctx); lasts || err != nil {
		return false, err
	}
	return len(s.damage) == 0, nil
}

// madeGood says whether the server that lacked something has it.
func madeGood(ctx context.Context, scene Scene, damage []Damage) (bool, error) {
	lacking := scene.Pair.Server(scene.On.Other())
	snaps, err := target.TakeSnapshots(ctx, scene.Pair.Executor(), scene.Accounts, target.LevelIndex, lacking)
	if err != nil {
		return false, err
	}
	type message struct{ account, mailbox, guid string }
	records := 0
	for _, snap := range snaps[lacking.Name()] {
		for _, mailbox := range snap.Mailboxes {
			records += len(mailbox.Records)
		}
	}
	had, live := make(map[message]bool, records), make(map[message]bool, records)
	for _, account := range scene.Accounts {
		for _, mailbox := range snaps[lacking.Name()][account].Mailboxes {
			for _, record := range mailbox.Records {
				had[message{account, "", record.GUID}] = true
				if !record.Expunged {
					live[message{account, mailbox.Name, record.GUID}] = true
				}
			}
		}
	}
	for _, d := range damage {
		missing := d.Kind == target.MessageMissing && !had[message{d.Account, "", d.GUID}]
		alive := d.Kind == target.ExpungeMissing && live[message{d.Account, d.Mailbox, d.GUID}]
		if missing || alive {
			return false, nil
		}
	}
	return true, nil
}
