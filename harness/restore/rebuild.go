package restore

import (
	"context"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// RebuildMailboxes rebuilds, on the serving server, the index of each mailbox
// that a detector could not open. That gives users their mail back, and a good
// deal that they had expunged with it: the files of expunged messages are kept,
// and what told them apart was in the index. Flags are gone as well. Both are
// mended from the rescued store, by [CarryExpunges] and [MergeFlags].
type RebuildMailboxes struct{}

// Name implements [Restorer].
func (RebuildMailboxes) Name() string { return "rebuild-mailboxes" }

// Doc implements [Restorer].
func (RebuildMailboxes) Doc() string {
	return "rebuilds the index of each mailbox that cannot be opened (reconstruct), and notes in the freeze what that left"
}

// Plan implements [Restorer].
func (r RebuildMailboxes) Plan(_ context.Context, scene Scene) (Plan, error) {
	plan := Plan{Restorer: r.Name()}
	told := map[target.Place]bool{} // it may have been found more than once
	for _, finding := range scene.Findings {
		if !told[finding.Place] && finding.Kind == target.MailboxUnreadable && finding.Server == scene.Serving.Name() && finding.Mailbox != "" {
			told[finding.Place] = true
			plan.Actions = append(plan.Actions, Action{Act: Reconstruct, Account: finding.Account, Mailbox: finding.Mailbox, Why: finding.Evidence})
		}
	}
	return plan, nil
}
