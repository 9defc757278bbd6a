package restore

import (
	"context"
	"errors"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// CopyMissing brings over what never reached the replica: it copies messages
// and carries over expunges, each as a finding on the freeze shows it. What the
// users have done on the new master since then stands. Applied twice, it does
// nothing the second time.
type CopyMissing struct{}

// Name implements [Restorer].
func (CopyMissing) Name() string { return "copy-missing" }

// Doc implements [Restorer].
func (CopyMissing) Doc() string {
	return "copies the messages that never reached the replica and carries over the expunges that never did"
}

// ErrNoFreeze says that the evidence which a restorer needs was not taken.
var ErrNoFreeze = errors.New("there is no whole freeze of both sides: take it before the promotion and complete it with the rescued store")

// Plan implements [Restorer].
func (r CopyMissing) Plan(ctx context.Context, scene Scene) (Plan, error) {
	plan := Plan{Restorer: r.Name()}
	if scene.Freeze == nil || !scene.Freeze.Whole() {
		return plan, ErrNoFreeze
	}
	for _, account := range scene.Accounts {
		planner, err := newAccountPlanner(ctx, scene, account)
		if err != nil {
			return plan, fmt.Errorf("planning the restore of %s: %w", account, err)
		}
		for _, finding := range scene.Findings {
			if finding.Account == account && finding.Server == scene.Serving.Name() {
				plan.Actions = append(plan.Actions, planner.actions(finding)...)
			}
		}
	}
	return plan, nil
}

// accountPlanner knows one account as both sides had it in the freeze and as
// the serving server has it now.
type accountPlanner struct {
	rescued, before, now target.Snapshot
	// arrived counts, by mailbox and GUID, messages that the serving server
	// has got since the freeze, whether still alive or not: those need no
	// second copy. A planned copy uses one up.
	arrived map[[2]string]int
}

func newAccountPlanner(ctx context.Context, scene Scene, account string) (*accountPlanner, error) {
	p := &accountPlanner{arrived: map[[2]string]int{}}
	for server, snap := range map[target.ServerName]*target.Snapshot{scene.Rescued.Name(): &p.rescued, scene.Serving.Name(): &p.before} {
		side, err := scene.Freeze.Side(server)
		if err != nil {
			return nil, err
		}
		if *snap, err = side.Snapshot(ctx, account, target.LevelIndex); err != nil {
			return nil, err
		}
	}
	var err error
	if p.now, err = target.TakeSnapshot(ctx, scene.Serving, account, target.LevelIndex); err != nil {
		return nil, err
	}
	for _, m := range p.now.Mailboxes {
		for _, r := range m.Records {
			p.arrived[[2]string{m.UniqueID, r.GUID}]++
		}
	}
	for _, m := range p.before.Mailboxes {
		for _, r := range m.Records {
			p.arrived[[2]string{m.UniqueID, r.GUID}]--
		}
	}
	return p, nil
}

// actions says what one finding asks for; nothing for findings of a kind that
// this restorer does not mend.
func (p *accountPlanner) actions(finding detect.Finding) []Action {
	source, record, ok := findRecord(p.rescued, finding)
	if !ok {
		return nil
	}
	action := Action{
		Account: finding.Account, Mailbox: source.Name, UID: record.UID, GUID: record.GUID,
		Flags: record.Flags, InternalDate: record.InternalDate, Why: finding.Evidence, Doubtful: finding.Doubtful(),
	}
	switch finding.Kind {
	case target.MessageMissing:
		return []Action{p.copyOnce(source, action)}
	case target.ExpungeMissing:
		return []Action{p.expungeOnce(source, action)}
	default:
		return nil
	}
}

func findRecord(snap target.Snapshot, finding detect.Finding) (target.Mailbox, target.Record, bool) {
	mailbox, ok := snap.Mailbox(finding.Mailbox)
	if !ok {
		return target.Mailbox{}, target.Record{}, false
	}
	for _, r := range mailbox.Records {
		if r.UID == finding.UID && r.GUID == finding.GUID {
			return mailbox, r, true
		}
	}
	return target.Mailbox{}, target.Record{}, false
}

func byUniqueID(snap target.Snapshot, id string) (target.Mailbox, bool) {
	for _, m := range snap.Mailboxes {
		if m.UniqueID == id {
			return m, true
		}
	}
	return target.Mailbox{}, false
}

func (p *accountPlanner) copyOnce(source target.Mailbox, action Action) Action {
	action.Act = Copy
	destination, ok := byUniqueID(p.now, source.UniqueID)
	if !ok {
		action.Act, action.Why = Keep, "the serving server has no mailbox "+source.UniqueID+" to copy into; "+action.Why
		return action
	}
	action.From, action.Mailbox = source.Name, destination.Name // the user may have renamed it since
	if key := [2]string{source.UniqueID, action.GUID}; p.arrived[key] > 0 {
		p.arrived[key]--
		action.Act, action.Why = Keep, "the serving server has got it since the freeze"
	}
	return action
}

// expungeOnce removes the message that had the UID in the freeze. The serving
// server had it then, so it is the same message still, as long as UIDVALIDITY
// has not changed.
func (p *accountPlanner) expungeOnce(source target.Mailbox, action Action) Action {
	action.Act, action.Flags = Keep, nil
	before, okBefore := byUniqueID(p.before, source.UniqueID)
	now, okNow := byUniqueID(p.now, source.UniqueID)
	if !okBefore || !okNow || before.UIDValidity != now.UIDValidity {
		action.Why = "the mailbox was made anew since the freeze, so its UIDs mean other messages; " + action.Why
		return action
	}
	action.Mailbox = now.Name
	for _, r := range now.Live() {
		if r.UID == action.UID && r.GUID == action.GUID {
			action.Act = Expunge
			return action
		}
	}
	action.Why = "it is gone from the serving server already"
	return action
}
