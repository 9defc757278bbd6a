package fault

import (
	"context"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// ConversationsSpoilt damages conversations.db of chosen accounts: it is cut off in
// its middle, or gone. Users can work on, with less of their threads.
type ConversationsSpoilt struct{ Harm target.Harm }

// Name implements [Fault].
func (f ConversationsSpoilt) Name() string {
	return map[target.Harm]string{target.Truncated: "conversations-truncated", target.Removed: "conversations-deleted"}[f.Harm]
}

// Doc implements [Fault].
func (f ConversationsSpoilt) Doc() string {
	return map[target.Harm]string{
		target.Truncated: "conversations.db of some accounts is cut off in its middle: nobody notices but the log",
		target.Removed:   "conversations.db of some accounts is gone: nobody notices",
	}[f.Harm]
}

// Effects implements [Fault].
func (ConversationsSpoilt) Effects() Effects {
	return Effects{Breaks: AccountData, HurtsAccounts: true, FitsAccount: func(s target.Snapshot) bool {
		for _, m := range s.Mailboxes {
			if len(m.Live()) > 0 {
				return true
			}
		}
		return false
	}}
}

// conversationsHand damages conversations.db, and looks into it.
type conversationsHand interface {
	target.StateSaboteur
	target.Witness
}

// Inject implements [Fault].
func (f ConversationsSpoilt) Inject(ctx context.Context, scene Scene) (Instance, error) {
	return strike(ctx, scene, "damage to accounts' databases", scene.Hurt,
		func(ctx context.Context, hand conversationsHand, account string) (target.Evidence, part, error) {
			evidence, err := hand.SpoilConversations(ctx, scene.On, account, f.Harm)
			damage := []Damage{{
				Place: target.Place{Server: scene.On, Account: account}, Kind: target.DataFileDamaged, How: "conversations.db was damaged",
			}}
			return evidence, part{damage: damage, wrong: func(ctx context.Context) (bool, error) {
				return lacksConversations(ctx, scene, hand, account)
			}}, err
		})
}

// lacksConversations says whether conversations.db does not know of a message that
// the account has.
func lacksConversations(ctx context.Context, scene Scene, witness target.Witness, account string) (bool, error) {
	known, err := witness.InConversations(ctx, scene.On, account)
	if err != nil {
		return false, err
	}
	snapshot, err := target.TakeSnapshot(ctx, scene.server(), account, target.LevelIndex)
	if err != nil {
		return false, err
	}
	for _, m := range snapshot.Mailboxes {
		for _, r := range m.Live() {
			if !known[r.GUID] {
				return true, nil
			}
		}
	}
	return false, nil
}
