package restore

import (
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// CopyEverything copies every message that the rescued store shows and the
// serving server does not, and asks no further. It is what a script written in
// a hurry does, and it is in the catalogue as the example to avoid: whatever a
// user has deleted on the new master comes back to life, and what was expunged
// on the old one stays alive.
type CopyEverything struct{}

// Name implements [Restorer].
func (CopyEverything) Name() string { return "copy-everything" }

// Doc implements [Restorer].
func (CopyEverything) Doc() string {
	return "copies whatever the old master shows and the new one does not, deleted or not: an example to avoid"
}

// Plan implements [Restorer].
func (r CopyEverything) Plan(ctx context.Context, scene Scene) (Plan, error) {
	plan := Plan{Restorer: r.Name()}
	for _, account := range scene.Accounts {
		rescued, err := target.TakeSnapshot(ctx, scene.Rescued, account, target.LevelIndex)
		if err != nil {
			return plan, fmt.Errorf("planning the restore of %s: %w", account, err)
		}
		serving, err := target.TakeSnapshot(ctx, scene.Serving, account, target.LevelIndex)
		if err != nil {
			return plan, fmt.Errorf("planning the restore of %s: %w", account, err)
		}
		var actions []Action
		for _, source := range rescued.Mailboxes {
			destination, _ := serving.Mailbox(source.Name)
			actions = append(actions, copyAbsent(account, source, destination)...)
		}
		plan.Actions, plan.Saw = append(plan.Actions, actions...), append(plan.Saw, sights(serving, actions)...)
	}
	return plan, nil
}

func copyAbsent(account string, source, destination target.Mailbox) []Action {
	there := map[string]int{}
	for _, r := range destination.Live() {
		there[r.GUID]++
	}
	var actions []Action
	for _, r := range source.Live() {
		if there[r.GUID] > 0 {
			there[r.GUID]--
			continue
		}
		actions = append(actions, Action{
			Act: Copy, Account: account, Mailbox: source.Name, From: source.Name, UID: r.UID, GUID: r.GUID, Size: r.Size,
			Flags: r.Flags, InternalDate: r.InternalDate, Why: "the serving server does not show it",
		})
	}
	return actions
}
