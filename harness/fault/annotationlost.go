package fault

import (
	"context"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/hearsay"
)

// AnnotationLost takes the annotations of chosen mailboxes away, on one server. They
// must have some.
type AnnotationLost struct{}

// Name implements [Fault].
func (AnnotationLost) Name() string { return "annotation-lost" }

// Doc implements [Fault].
func (AnnotationLost) Doc() string {
	return "the annotations of some mailboxes are gone on one side, told so by a sync client that has it wrong"
}

// Effects implements [Fault].
func (AnnotationLost) Effects() Effects {
	return Effects{Breaks: AccountData, HurtsMailboxes: true, Fits: isAnnotated}
}

// Inject implements [Fault].
func (AnnotationLost) Inject(ctx context.Context, scene Scene) (Instance, error) {
	return strike(ctx, scene, "sync clients that have it wrong", scene.Mailboxes,
		func(ctx context.Context, hand target.SyncSaboteur, m ChosenMailbox) (target.Evidence, part, error) {
			mailbox, err := scene.index(ctx, m)
			if err != nil {
				return target.Evidence{}, part{}, err
			}
			evidence, err := hand.Mislead(ctx, scene.On, hearsay.NoAnnotations{Place: hearsay.Place{Account: m.Account, Mailbox: m.Mailbox}})
			damage := []Damage{{Place: scene.place(m), Kind: target.AnnotationsDiffer, How: "its annotations were lost"}}
			return evidence, part{damage: damage, wrong: func(ctx context.Context) (bool, error) {
				now, err := scene.index(ctx, m)
				return len(now.Annotations) == 0 && len(mailbox.Annotations) > 0, err
			}}, err
		})
}

func isAnnotated(m target.Mailbox) bool { return len(m.Annotations) > 0 }
