package fault

import (
	"context"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/hearsay"
)

// QuotaRootWrong takes the quota root of chosen accounts away, or makes one where
// there is none, on one server.
type QuotaRootWrong struct{}

// Name implements [Fault].
func (QuotaRootWrong) Name() string { return "quota-root-wrong" }

// Doc implements [Fault].
func (QuotaRootWrong) Doc() string {
	return "some accounts' mailboxes lie under no quota root on one side, or under one where they should not, told so by a sync client that has it wrong"
}

// Effects implements [Fault].
func (QuotaRootWrong) Effects() Effects { return Effects{Breaks: AccountData, HurtsAccounts: true} }

// Inject implements [Fault].
func (QuotaRootWrong) Inject(ctx context.Context, scene Scene) (Instance, error) {
	return strike(ctx, scene, "sync clients that have it wrong", scene.Hurt,
		func(ctx context.Context, hand target.SyncSaboteur, account string) (target.Evidence, part, error) {
			had, err := scene.server().Index().Mailboxes(ctx, account)
			if err != nil {
				return target.Evidence{}, part{}, err
			}
			limit, err := scene.server().Index().Meta(ctx, account)
			if err != nil {
				return target.Evidence{}, part{}, err
			}
			var wrong target.Hearsay = hearsay.Quota{Account: account, StorageKiB: target.NoQuota}
			if slices.ContainsFunc(had, func(m target.Mailbox) bool { return m.QuotaRoot != "" }) {
				wrong = hearsay.NoQuotaRoot{Account: account}
			}
			evidence, err := hand.Mislead(ctx, scene.On, wrong)
			p := part{wrong: underAnotherRoot(scene, account, had)}
			for _, m := range had {
				p.damage = append(p.damage, Damage{
					Place: target.Place{Server: scene.On, Account: account, Mailbox: m.Name}, Kind: target.QuotaRootDiffers, How: "its quota root is wrong",
				})
			}
			if limit.QuotaKiB != target.NoQuota {
				p.damage = append(p.damage, Damage{
					Place: target.Place{Server: scene.On, Account: account}, Kind: target.QuotaDiffers, How: "the limit went with the quota root",
				})
			}
			return evidence, p, err
		})
}

// underAnotherRoot says whether one of the mailboxes lies under another quota root
// than it did.
func underAnotherRoot(scene Scene, account string, had []target.Mailbox) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		now, err := scene.server().Index().Mailboxes(ctx, account)
		return slices.ContainsFunc(had, func(m target.Mailbox) bool {
			return slices.ContainsFunc(now, func(n target.Mailbox) bool { return n.UniqueID == m.UniqueID && n.QuotaRoot != m.QuotaRoot })
		}), err
	}
}
