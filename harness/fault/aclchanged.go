package fault

import (
	"context"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/hearsay"
)

// ACLChanged gives everybody the right to read chosen mailboxes, on one server.
type ACLChanged struct{}

// Name implements [Fault].
func (ACLChanged) Name() string { return "acl-changed" }

// Doc implements [Fault].
func (ACLChanged) Doc() string {
	return "everybody may read some mailboxes on one side, told so by a sync client that has it wrong"
}

// Effects implements [Fault].
func (ACLChanged) Effects() Effects { return Effects{Breaks: AccountData, HurtsMailboxes: true} }

// Inject implements [Fault].
func (ACLChanged) Inject(ctx context.Context, scene Scene) (Instance, error) {
	return strike(ctx, scene, "sync clients that have it wrong", scene.Mailboxes,
		func(ctx context.Context, hand target.SyncSaboteur, m ChosenMailbox) (target.Evidence, part, error) {
			mailbox, err := scene.index(ctx, m)
			if err != nil {
				return target.Evidence{}, part{}, err
			}
			wrong := hearsay.Rights{Place: hearsay.Place{Account: m.Account, Mailbox: m.Mailbox}, Identifier: "anyone", Rights: "lrs"}
			evidence, err := hand.Mislead(ctx, scene.On, wrong)
			if err != nil {
				return evidence, part{}, err
			}
			changed, err := scene.index(ctx, m)
			damage := []Damage{{Place: scene.place(m), Kind: target.ACLDiffers, How: "rights were given to everybody"}}
			return evidence, part{damage: damage, wrong: func(ctx context.Context) (bool, error) {
				now, err := scene.index(ctx, m)
				return now.ACL == changed.ACL && now.ACL != mailbox.ACL, err
			}}, err
		})
}
