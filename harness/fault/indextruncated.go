package fault

import (
	"context"
	"errors"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// IndexTruncated cuts off the index of chosen mailboxes: their mail is on the
// disk, and nobody can open them.
type IndexTruncated struct{}

// Name implements [Fault].
func (IndexTruncated) Name() string { return "index-truncated" }

// Doc implements [Fault].
func (IndexTruncated) Doc() string {
	return "cyrus.index of some mailboxes is cut off within its header: they cannot be opened any more"
}

// Effects implements [Fault].
func (IndexTruncated) Effects() Effects { return Effects{HurtsMailboxes: true} }

// Inject implements [Fault].
func (IndexTruncated) Inject(ctx context.Context, scene Scene) (Instance, error) {
	hand, ok := scene.Pair.Saboteur().(target.IndexSaboteur)
	if !ok {
		return nil, notOnThisTarget("damage to index files")
	}
	return spoilIndexes(ctx, scene, hand.TruncateIndex)
}

func notOnThisTarget(what string) error {
	return &target.UnsupportedError{Target: "the target", What: what}
}

// spoilIndexes does the same to each chosen mailbox.
func spoilIndexes(ctx context.Context, scene Scene, spoil func(context.Context, target.ServerName, string, string) (target.Evidence, error)) (Instance, error) {
	if len(scene.Mailboxes) == 0 {
		return nil, errors.New("no mailbox was chosen")
	}
	u := &unreadable{scene: scene, last: Live}
	for _, m := range scene.Mailboxes {
		evidence, err := spoil(ctx, scene.On, m.Account, m.Mailbox)
		if err != nil {
			return nil, err
		}
		u.evidence = u.evidence.And(evidence)
	}
	u.evidence.Summary = fmt.Sprintf("cyrus.index of %d mailboxes on %s was damaged", len(scene.Mailboxes), scene.On)
	return u, nil
}

// unreadable is mailboxes whose index was damaged.
type unreadable struct {
	scene    Scene
	evidence target.Evidence
	last     State // as last seen while the server was up
}

// Look implements [Instance]: the damage is live as long as one of the
// mailboxes cannot be opened. Of a server that is down nothing can be told.
func (u *unreadable) Look(ctx context.Context) (Report, error) {
	report := Report{Evidence: u.evidence}
	for _, m := range u.scene.Mailboxes {
		report.Damage = append(report.Damage, Damage{
			Place: target.Place{Server: u.scene.On, Account: m.Account, Mailbox: m.Mailbox},
			Kind:  target.MailboxUnreadable, How: "its index file was damaged",
		})
	}
	processes, err := u.scene.Pair.Server(u.scene.On).Host().Processes(ctx)
	if err != nil {
		return Report{}, fmt.Errorf("looking for processes on %s: %w", u.scene.On, err)
	}
	if target.Alive(processes) {
		if u.last, err = u.now(ctx); err != nil {
			return Report{}, err
		}
	}
	report.State = u.last
	return report, nil
}

func (u *unreadable) now(ctx context.Context) (State, error) {
	for _, m := range u.scene.Mailboxes {
		session, err := u.scene.Pair.Server(u.scene.On).User().Login(ctx, m.Account)
		if err != nil {
			return "", fmt.Errorf("logging in as %s on %s: %w", m.Account, u.scene.On, err)
		}
		_, err = session.Records(ctx, m.Mailbox)
		_ = session.Close() // it was only read from
		if err != nil {
			return Live, ctx.Err()
		}
	}
	return Healed, nil
}
