package fault

import (
	"context"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/hearsay"
)

// SubscriptionLost takes all subscriptions of chosen accounts away, on one server.
type SubscriptionLost struct{}

// Name implements [Fault].
func (SubscriptionLost) Name() string { return "subscription-lost" }

// Doc implements [Fault].
func (SubscriptionLost) Doc() string {
	return "some accounts' subscriptions are gone on one side, told so by a sync client that has it wrong"
}

// Effects implements [Fault].
func (SubscriptionLost) Effects() Effects {
	return Effects{Breaks: AccountData, HurtsAccounts: true, FitsAccount: func(s target.Snapshot) bool { return len(s.Meta.Subscriptions) > 0 }}
}

// Inject implements [Fault].
func (SubscriptionLost) Inject(ctx context.Context, scene Scene) (Instance, error) {
	return strike(ctx, scene, "sync clients that have it wrong", scene.Hurt,
		func(ctx context.Context, hand target.SyncSaboteur, account string) (target.Evidence, part, error) {
			meta, err := scene.server().Index().Meta(ctx, account)
			if err != nil {
				return target.Evidence{}, part{}, err
			}
			var evidence target.Evidence
			p := part{wrong: unsubscribed(scene, account, meta.Subscriptions)}
			for _, mailbox := range meta.Subscriptions {
				one, err := hand.Mislead(ctx, scene.On, hearsay.Subscription{Place: hearsay.Place{Account: account, Mailbox: mailbox}})
				if err != nil {
					return evidence, p, err
				}
				evidence = evidence.And(one)
				p.damage = append(p.damage, Damage{
					Place: target.Place{Server: scene.On, Account: account, Mailbox: mailbox}, Kind: target.SubscriptionDiffers, How: "the subscription was lost",
				})
			}
			return evidence, p, nil
		})
}

func unsubscribed(scene Scene, account string, had []string) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		meta, err := scene.server().Index().Meta(ctx, account)
		if isRefused(err) {
			return true, nil
		}
		return slices.ContainsFunc(had, func(m string) bool { return !slices.Contains(meta.Subscriptions, m) }), err
	}
}
