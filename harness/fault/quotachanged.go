package fault

import (
	"context"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/hearsay"
)

// QuotaChanged gives chosen accounts another storage limit, on one server. They must
// have one.
type QuotaChanged struct{}

// Name implements [Fault].
func (QuotaChanged) Name() string { return "quota-changed" }

// Doc implements [Fault].
func (QuotaChanged) Doc() string {
	return "some accounts have another storage limit on one side, told so by a sync client that has it wrong"
}

// Effects implements [Fault].
func (QuotaChanged) Effects() Effects {
	return Effects{Breaks: AccountData, HurtsAccounts: true, FitsAccount: func(s target.Snapshot) bool { return s.Meta.QuotaKiB != target.NoQuota }}
}

// Inject implements [Fault].
func (QuotaChanged) Inject(ctx context.Context, scene Scene) (Instance, error) {
	return strike(ctx, scene, "sync clients that have it wrong", scene.Hurt,
		func(ctx context.Context, hand target.SyncSaboteur, account string) (target.Evidence, part, error) {
			had, err := scene.server().Index().Meta(ctx, account)
			if err != nil {
				return target.Evidence{}, part{}, err
			}
			wrong := had.QuotaKiB + 1
			evidence, err := hand.Mislead(ctx, scene.On, hearsay.Quota{Account: account, StorageKiB: wrong})
			damage := []Damage{{Place: target.Place{Server: scene.On, Account: account}, Kind: target.QuotaDiffers, How: "another limit took its place"}}
			return evidence, part{damage: damage, wrong: func(ctx context.Context) (bool, error) {
				now, err := scene.server().Index().Meta(ctx, account)
				return now.QuotaKiB == wrong, err
			}}, err
		})
}
