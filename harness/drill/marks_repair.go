package drill

import (
	"context"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// markFinding notes what a single finding shows.
func (r *run) markFinding(f detect.Finding) {
	switch {
	case f.Kind == target.MessageMissing && !f.Doubtful():
		r.reach(MarkMissingMailFound, "%s", f)
	case f.Kind == target.ExpungeMissing && !f.Doubtful():
		r.reach(MarkExpungeFound, "%s", f)
	case f.Kind == target.MessageMissing:
		r.reach(MarkDoubtfulFound, "%s", f)
	case f.Kind == target.ScriptStale:
		r.reach(MarkStaleScriptFound, "%s", f)
	case f.Kind == target.CompiledScriptStale:
		r.reach(MarkStaleBytecodeFound, "%s", f)
	case f.Kind == target.ReplicationStopped:
		r.reach(MarkStoppedReplicationFound, "%s", f)
	case f.Kind == target.ServerHung:
		r.reach(MarkHungServerFound, "%s", f)
	case f.Kind == target.ClientCachesWrong:
		r.reach(MarkClientCachesReported, "%s", f)
	}
}

// markCounts notes what a detector's findings show together.
func (r *run) markCounts(detector string, found []detect.Finding) {
	const several = 5
	unreadable := 0
	for _, f := range found {
		if f.Kind == target.MailboxUnreadable && f.Server == r.pair.Serving().Name() {
			unreadable++
		}
	}
	if unreadable >= several {
		r.reach(MarkMailboxesUnreadable, "%s could not open %d mailboxes on %s", detector, unreadable, r.pair.Serving().Name())
	}
}

// markQuiet notes at the end that nobody cried wolf.
func (r *run) markQuiet() {
	looks := 0
	for _, s := range r.result.Steps {
		if s.Kind == string(plan.KindDetect) && s.Status == StepDone {
			looks++
		}
	}
	if looks > 0 && len(r.result.Findings) == 0 {
		r.reach(MarkNothingFound, "%d looks found nothing", looks)
	}
}

// markRestore notes what a restore has done.
func (r *run) markRestore(restorer string, planned restore.Plan, report restore.Report) {
	if n := report.Copied + report.PutBack; n > 0 {
		r.reach(MarkMailCopied, "%d messages by %s, %d of them under their UIDs", n, restorer, report.PutBack)
	}
	if report.Expunged > 0 {
		r.reach(MarkExpungeCarriedOver, "%d by %s", report.Expunged, restorer)
	}
	if n := report.Changed[restore.Reconstruct]; n > 0 {
		r.reach(MarkMailboxRebuilt, "%d by %s", n, restorer)
	}
	i := slices.IndexFunc(planned.Actions, func(a restore.Action) bool { return a.Doubtful && !a.AboutFlags() })
	if i >= 0 {
		r.reach(MarkDoubtfulReported, "%s", planned.Actions[i])
	}
}

// markSituation notes what makes a restore hard: that UIDs mean other messages
// by now, and that users have gone on deleting.
func (r *run) markSituation(ctx context.Context) {
	if r.freeze == nil || !r.freeze.Whole() {
		return
	}
	serving := r.pair.Serving()
	snaps, err := target.TakeSnapshots(ctx, r.pair.Executor(), r.plan.Accounts, target.LevelIndex, serving)
	if err != nil {
		r.note("the situation before the restore cannot be told: %s", err)
		return
	}
	for _, account := range r.plan.Accounts {
		now := snaps[serving.Name()][account]
		rescued := r.freeze.Sides[r.rescued].Accounts[account]
		before := r.freeze.Sides[serving.Name()].Accounts[account]
		for _, mailbox := range rescued.Mailboxes {
			current, _ := now.Mailbox(mailbox.Name)
			frozen, _ := before.Mailbox(mailbox.Name)
			r.markReused(account, mailbox, current)
			r.markTemptation(account, mailbox, frozen, current)
		}
	}
}

func (r *run) markReused(account string, rescued, now target.Mailbox) {
	target.PairRecords(rescued.Records, now.Records, func(old, current *target.Record) {
		if old != nil && current != nil && old.GUID != current.GUID {
			r.reach(MarkUIDsReused, "UID %d in %s of %s is one message on %s and another on %s", old.UID, now.Name, account, r.rescued, r.pair.Serving().Name())
		}
	})
}

func (r *run) markTemptation(account string, rescued, frozen, now target.Mailbox) {
	shown := map[uint32]string{}
	target.PairRecords(rescued.Records, frozen.Records, func(old, before *target.Record) {
		if old != nil && before != nil && !old.Expunged && !before.Expunged {
			shown[old.UID] = old.GUID
		}
	})
	for _, record := range now.Records {
		if record.Expunged && shown[record.UID] == record.GUID {
			r.reach(MarkExpungedOnNewMaster, "UID %d in %s of %s was expunged on %s and is still shown by %s", record.UID, now.Name, account, r.pair.Serving().Name(), r.rescued)
		}
	}
}
