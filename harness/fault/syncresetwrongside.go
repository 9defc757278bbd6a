package fault

import (
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

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
	return Effects{Breaks: BothSides, NeedsReplication: true, HurtsMailboxes: true}
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
