package drill

import (
	"context"
	"errors"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

var (
	errNoFreeze  = errors.New("no freeze was taken: put a freeze step before the promotion")
	errNoRescued = errors.New("the old master was not brought up apart: put a rescue step before the restore")
)

func (r *run) detect(ctx context.Context, step plan.Detect) (string, error) {
	detector, ok := detect.ByName(step.Detector.Name)
	if !ok {
		return "", fmt.Errorf("no such detector: %q", step.Detector.Name)
	}
	sides, err := r.sides(step.Sides)
	if err != nil {
		return "", err
	}
	found, err := detector.Detect(ctx, detect.Scene{
		Clock: r.pair.Clock(), Executor: r.pair.Executor(), Accounts: r.plan.Accounts, Sides: sides,
	})
	if err != nil {
		return "", err
	}
	r.result.Findings = append(r.result.Findings, found...)
	for _, f := range found {
		r.emit(EventFinding, false, "%s", f)
		switch {
		case f.Kind == target.MessageMissing && !f.Doubtful():
			r.reach(MarkMissingMailFound, "%s", f)
		case f.Kind == target.ExpungeMissing && !f.Doubtful():
			r.reach(MarkExpungeFound, "%s", f)
		}
	}
	return foundInWords(found), nil
}

func (r *run) sides(sides plan.Sides) ([2]detect.Side, error) {
	servers := r.pair.Servers()
	if sides != plan.FrozenSides {
		return [2]detect.Side{detect.LiveSide(servers[0]), detect.LiveSide(servers[1])}, nil
	}
	if r.freeze == nil {
		return [2]detect.Side{}, errNoFreeze
	}
	var frozen [2]detect.Side
	for i, server := range servers {
		side, err := r.freeze.Side(server.Name())
		if err != nil {
			return frozen, err
		}
		frozen[i] = side
	}
	return frozen, nil
}

func foundInWords(found []detect.Finding) string {
	if len(found) == 0 {
		return "nothing found"
	}
	kinds, accounts := map[target.Kind]int{}, map[string]bool{}
	var order []target.Kind
	for _, f := range found {
		if kinds[f.Kind] == 0 {
			order = append(order, f.Kind)
		}
		kinds[f.Kind]++
		accounts[f.Account] = true
	}
	text := fmt.Sprintf("%d findings in %d accounts:", len(found), len(accounts))
	for i, kind := range order {
		if i > 0 {
			text += ","
		}
		text += fmt.Sprintf(" %d %s", kinds[kind], kind)
	}
	return text
}

func (r *run) restore(ctx context.Context, step plan.Restore) (string, error) {
	restorer, ok := restore.ByName(step.Restorer.Name)
	if !ok {
		return "", fmt.Errorf("no such restorer: %q", step.Restorer.Name)
	}
	if r.rescued == "" {
		return "", errNoRescued
	}
	scene := restore.Scene{
		Freeze: r.freeze, Findings: r.result.Findings, Accounts: r.plan.Accounts,
		Rescued: r.pair.Server(r.rescued), Serving: r.pair.Serving(),
	}
	r.markSituation(ctx)
	planned, err := restorer.Plan(ctx, scene)
	if err != nil {
		return "", err
	}
	r.note("planned: %d to copy, %d to expunge, %d to leave as they are", planned.Count(restore.Copy), planned.Count(restore.Expunge), planned.Count(restore.Keep))
	report, err := restore.Apply(ctx, scene, planned)
	r.result.Restores = append(r.result.Restores, RestoreResult{Step: r.step, Plan: planned, Report: report})
	if report.Copied > 0 {
		r.reach(MarkMailCopied, "%d messages by %s", report.Copied, restorer.Name())
	}
	if report.Expunged > 0 {
		r.reach(MarkExpungeCarriedOver, "%d by %s", report.Expunged, restorer.Name())
	}
	summary := fmt.Sprintf("%d copied, %d expunged, %d left as they were, %d could not be done", report.Copied, report.Expunged, report.Kept, len(report.Left))
	if err == nil && len(report.Left) > 0 {
		err = fmt.Errorf("%d actions could not be done, the first: %s (%s)", len(report.Left), report.Left[0].Action, report.Left[0].Reason)
	}
	return summary, err
}

// markSituation notes what makes a restore hard: that UIDs mean other messages
// by now, and that users have gone on deleting.
func (r *run) markSituation(ctx context.Context) {
	if r.freeze == nil || !r.freeze.Whole() {
		return
	}
	serving := r.pair.Serving()
	for _, account := range r.plan.Accounts {
		now, err := target.TakeSnapshot(ctx, serving, account, target.LevelIndex)
		if err != nil {
			r.note("the situation before the restore cannot be told: %s", err)
			return
		}
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
