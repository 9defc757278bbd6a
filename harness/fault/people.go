package fault

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// followsWithin is how long the other side may take to follow what was done to one.
const followsWithin = 30 * time.Second

var errNoMailbox = errors.New("no mailbox was chosen")

// SplitBrain lets both servers take mail while they do not see each other.
type SplitBrain struct{}

// Name implements [Fault].
func (SplitBrain) Name() string { return "split-brain" }

// Doc implements [Fault].
func (SplitBrain) Doc() string {
	return "the two servers are cut off from each other, and both take a message for each account, under the same UID"
}

// Effects implements [Fault].
func (SplitBrain) Effects() Effects { return Effects{StopsReplication: true, EitherSide: true} }

// Inject implements [Fault].
func (SplitBrain) Inject(ctx context.Context, scene Scene) (Instance, error) {
	cut, err := cutOff(ctx, scene)
	if err != nil {
		return nil, err
	}
	evidence, damage, written := cut.frozen, cut.itself(), []gone(nil)
	for i, account := range scene.Accounts {
		var sides [2]gone
		for j, server := range scene.Pair.Servers() {
			if sides[j], err = appendInto(ctx, server, ChosenMailbox{account, "INBOX"}, burden(2*i+j)); err != nil {
				return nil, err
			}
			for _, on := range scene.Pair.Servers() { // each belongs on both
				there := sides[j].place
				there.Server = on.Name()
				written = append(written, gone{there})
			}
		}
		damage = append(damage, clash(sides, cut.scene.On.Other())...)
		evidence = evidence.And(target.Evidence{Facts: []target.Fact{{
			What: fmt.Sprintf("last messages in INBOX of %s on both sides", account), Before: "the same",
			After: fmt.Sprintf("UID %d %.8s and UID %d %.8s", sides[0].place.UID, sides[0].place.GUID, sides[1].place.UID, sides[1].place.GUID),
		}}})
	}
	evidence.Summary += fmt.Sprintf(", and both servers took mail for %d accounts", len(scene.Accounts))
	return &standing{evidence: evidence, damage: damage, live: func(ctx context.Context) (bool, error) {
		if lasts, err := cut.lasts(ctx); lasts || err != nil {
			return true, err
		}
		return anyMissing(ctx, scene.Pair, written)
	}}, nil
}

// clash is what is wrong where each side has a message that the other has not.
func clash(sides [2]gone, replica target.ServerName) []Damage {
	if sides[0].place.UID == sides[1].place.UID {
		for _, side := range sides {
			if side.place.Server == replica {
				return []Damage{{Place: side.place, Kind: target.GUIDDiffers, How: "each side gave the UID to a message of its own"}}
			}
		}
	}
	var damage []Damage
	for _, side := range sides {
		there := side.place
		there.Server = there.Server.Other()
		damage = append(damage, Damage{Place: there, Kind: target.MessageMissing, How: "the other side alone took it"})
	}
	return damage
}

// HastyFailover promotes a replica that is behind, without a freeze: the master dies
// with mail for each account that was never sent.
type HastyFailover struct{}

// Name implements [Fault].
func (HastyFailover) Name() string { return "hasty-failover" }

// Doc implements [Fault].
func (HastyFailover) Doc() string {
	return "the master dies with `count` messages for each account that were never sent, and the replica is promoted at once, without a freeze"
}

// Effects implements [Fault].
func (HastyFailover) Effects() Effects {
	return Effects{KillsServer: true, Promotes: true, NeedsReplication: true}
}

// Inject implements [Fault].
func (HastyFailover) Inject(ctx context.Context, scene Scene) (Instance, error) {
	other := scene.On.Other()
	before := scene.Pair.Role(other)
	frozen, err := scene.Pair.Saboteur().Suspend(ctx, scene.On, syncClient)
	if err != nil {
		return nil, fmt.Errorf("freezing sync_client on %s: %w", scene.On, err)
	}
	if err := deliverEach(ctx, scene, max(scene.Count, 1)); err != nil {
		return nil, err
	}
	s := &stopped{scene: scene, frozen: frozen, over: true}
	if s.damage, err = unreplicated(ctx, scene); err != nil {
		return nil, err
	}
	killed, err := scene.Pair.Saboteur().KillServer(ctx, scene.On)
	if err != nil {
		return nil, fmt.Errorf("killing %s: %w", scene.On, err)
	}
	if err := scene.Pair.Operator().Promote(ctx, other); err != nil {
		return nil, err
	}
	s.frozen = s.frozen.And(killed).And(target.Evidence{
		Summary: fmt.Sprintf("%s was promoted without %d changes", other, len(s.damage)),
		Facts:   []target.Fact{{What: "role of " + string(other), Before: string(before), After: string(scene.Pair.Role(other))}},
	})
	return s, nil
}

// SyncResetWrongSide removes an account from the master, as an administrator does who
// means the replica. It is replicated: the replica's copy is gone as well.
type SyncResetWrongSide struct{}

// Name implements [Fault].
func (SyncResetWrongSide) Name() string { return "sync-reset-wrong-side" }

// Doc implements [Fault].
func (SyncResetWrongSide) Doc() string {
	return "sync_reset -f of an account on the master, in place of the replica: within moments both copies are gone, and not even DELETED keeps them"
}

// Effects implements [Fault].
func (SyncResetWrongSide) Effects() Effects {
	return Effects{NeedsReplication: true, HurtsMailboxes: true}
}

// Inject implements [Fault].
func (SyncResetWrongSide) Inject(ctx context.Context, scene Scene) (Instance, error) {
	operator, ok := scene.Pair.Operator().(target.Resetter)
	if !ok {
		return nil, notOnThisTarget("sync_reset")
	}
	if len(scene.Mailboxes) == 0 {
		return nil, errNoMailbox
	}
	var evidence target.Evidence
	var damage []Damage
	var lost []gone
	reset := map[string]bool{}
	for _, m := range scene.Mailboxes {
		if reset[m.Account] {
			continue
		}
		reset[m.Account] = true
		had, err := liveIn(ctx, scene.Pair.Server(scene.On), m.Account, "")
		if err != nil {
			return nil, err
		}
		lost = append(lost, had...)
		if err := operator.ResetUser(ctx, scene.On, m.Account, false); err != nil {
			return nil, err
		}
		for _, server := range scene.Pair.Servers() {
			if err := accountGone(ctx, scene, server, m.Account); err != nil {
				return nil, err
			}
			evidence = evidence.And(target.Evidence{
				Summary: fmt.Sprintf("%s is gone on %s", m.Account, server.Name()),
				Facts:   []target.Fact{{What: fmt.Sprintf("account %s on %s", m.Account, server.Name()), Before: fmt.Sprintf("%d messages", len(had)), After: "not there"}},
			})
			damage = append(damage, Damage{Place: target.Place{Server: server.Name(), Account: m.Account}, Kind: target.AccountMissing, How: "sync_reset removed it"})
		}
	}
	return &standing{evidence: evidence, damage: damage, live: func(ctx context.Context) (bool, error) { return anyMissing(ctx, scene.Pair, lost) }}, nil
}

// accountGone waits until a server has no mailbox of the account.
func accountGone(ctx context.Context, scene Scene, server target.Server, account string) error {
	return target.WaitUntil(ctx, scene.Pair.Clock(), followsWithin, account+" to be gone on "+string(server.Name()), func(ctx context.Context) (bool, string, error) {
		there, err := server.Index().Mailboxes(ctx, account)
		return len(there) == 0, fmt.Sprintf("%d mailboxes", len(there)), err
	})
}

// ReconstructWrongSide rebuilds the index of a mailbox on the side that has lost a
// message file: the loss is carried to the side that had it.
type ReconstructWrongSide struct{}

// Name implements [Fault].
func (ReconstructWrongSide) Name() string { return "reconstruct-wrong-side" }

// Doc implements [Fault].
func (ReconstructWrongSide) Doc() string {
	return "a message file of `count` mailboxes is lost on the master, and the mailbox is reconstructed there: the replica's good copy is expunged"
}

// Effects implements [Fault].
func (ReconstructWrongSide) Effects() Effects {
	return Effects{NeedsReplication: true, HurtsMailboxes: true}
}

// Inject implements [Fault].
func (ReconstructWrongSide) Inject(ctx context.Context, scene Scene) (Instance, error) {
	files, err := hand[target.SpoolSaboteur](scene, "damage to message files")
	if err != nil {
		return nil, err
	}
	if len(scene.Mailboxes) == 0 {
		return nil, errNoMailbox
	}
	if err := workedOff(ctx, scene); err != nil {
		return nil, err
	}
	var evidence target.Evidence
	var lost []gone
	for _, m := range scene.Mailboxes {
		there, err := liveIn(ctx, scene.Pair.Server(scene.On.Other()), m.Account, m.Mailbox)
		if err != nil {
			return nil, err
		}
		if len(there) == 0 {
			return nil, fmt.Errorf("%s of %s holds no message to be lost", m.Mailbox, m.Account)
		}
		file, err := files.SpoilMessage(ctx, scene.On, m.Account, m.Mailbox, there[0].place.UID, target.Removed)
		if err != nil {
			return nil, err
		}
		if _, err := scene.Pair.Operator().Reconstruct(ctx, scene.On, m.Account, m.Mailbox); err != nil {
			return nil, err
		}
		here := there[0].place
		here.Server = scene.On
		lost = append(lost, there[0], gone{here})
		evidence = evidence.And(file)
	}
	if err := allGone(ctx, scene, lost); err != nil {
		return nil, err
	}
	evidence = evidence.And(target.Evidence{
		Summary: fmt.Sprintf("reconstruct on %s carried the loss to %s", scene.On, scene.On.Other()),
		Facts:   []target.Fact{{What: fmt.Sprintf("messages that are lost on %s", scene.On.Other()), Before: "0", After: fmt.Sprint(len(lost) / 2)}},
	})
	return &standing{
		evidence: evidence, damage: missing(lost, "its file was lost on one side, which was reconstructed"),
		live: func(ctx context.Context) (bool, error) { return anyMissing(ctx, scene.Pair, lost) },
	}, nil
}

// allGone waits until each of the messages has gone.
func allGone(ctx context.Context, scene Scene, messages []gone) error {
	return target.WaitUntil(ctx, scene.Pair.Clock(), followsWithin, "the loss to be carried to the other side", func(ctx context.Context) (bool, string, error) {
		for _, m := range messages {
			gone, err := anyMissing(ctx, scene.Pair, []gone{m})
			if !gone || err != nil {
				return false, m.place.String() + " is there", err
			}
		}
		return true, "", nil
	})
}
