package restore

import (
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// RebuildMailboxes rebuilds, on the serving server, the index of each mailbox
// that a detector could not open, or that nothing can be added to. That gives
// users their mail back, and a good deal that they had expunged with it: the files
// of expunged messages are kept, and what told them apart was in the index. Flags
// are gone as well. Both are mended from the rescued store, by [CarryExpunges] and
// [MergeFlags].
type RebuildMailboxes struct{}

// Name implements [Restorer].
func (RebuildMailboxes) Name() string { return "rebuild-mailboxes" }

// Doc implements [Restorer].
func (RebuildMailboxes) Doc() string {
	return "rebuilds the index of each mailbox that cannot be opened (reconstruct), and notes in the freeze what that left"
}

// Plan implements [Restorer].
func (r RebuildMailboxes) Plan(ctx context.Context, scene Scene) (Plan, error) {
	plan := Plan{Restorer: r.Name()}
	planned := map[[2]string]bool{} // it may have been found more than once
	for _, finding := range scene.Findings {
		at := [2]string{finding.Account, finding.Mailbox}
		if finding.Server != scene.Serving.Name() || finding.Mailbox == "" || planned[at] {
			continue
		}
		why := finding.Evidence
		switch finding.Kind {
		case target.MailboxUnreadable:
		case target.LastUIDDiffers:
			m, err := scene.Serving.Index().Mailbox(ctx, finding.Account, finding.Mailbox)
			if err != nil || !lastUIDTooLow(m) {
				continue // it is only behind
			}
			why = fmt.Sprintf("its LAST_UID is %d, and it has a message of UID %d: whoever appends there ends the server's process", m.LastUID, m.Records[len(m.Records)-1].UID)
		default:
			continue
		}
		planned[at] = true
		plan.Actions = append(plan.Actions, Action{Act: Reconstruct, Account: finding.Account, Mailbox: finding.Mailbox, Why: why})
	}
	return plan, nil
}

// lastUIDTooLow says whether an index contradicts itself so that nothing can be added.
func lastUIDTooLow(m target.Mailbox) bool {
	return len(m.Records) > 0 && m.Records[len(m.Records)-1].UID > m.LastUID
}
