package restore

import (
	"context"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// CarryExpunges carries over the expunges that never reached the replica, and
// says of which messages it cannot be told whether they were expunged: those
// stay. What the users have done on the new master since then stands.
type CarryExpunges struct{}

// Name implements [Restorer].
func (CarryExpunges) Name() string { return "carry-expunges" }

// Doc implements [Restorer].
func (CarryExpunges) Doc() string {
	return "carries over the expunges that never reached the replica; keeps, and lists, what is doubtful"
}

// Plan implements [Restorer].
func (r CarryExpunges) Plan(ctx context.Context, scene Scene) (Plan, error) {
	return planAccounts(ctx, scene, r.Name(), func(_ context.Context, p *accountPlanner) ([]Action, error) {
		return p.expunges(), nil
	})
}

func (p *accountPlanner) expunges() []Action {
	expunges := p.forFindings(target.ExpungeMissing, p.scene.Serving.Name(), p.expungeOnce)
	return append(expunges, p.keepDoubtful()...)
}

// expungeOnce removes the message that had the UID in the freeze. The serving
// server had it then, so it is the same message still, as long as UIDVALIDITY
// has not changed.
func (p *accountPlanner) expungeOnce(source target.Mailbox, action Action) Action {
	action.Act, action.Flags, action.Size = Keep, nil, 0
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

// keepDoubtful lists the messages that the serving server has and of which the
// old master keeps nothing: deleted there and expired, or lost there.
func (p *accountPlanner) keepDoubtful() []Action {
	var kept []Action
	told := map[target.Place]bool{}
	for _, finding := range p.scene.Findings {
		if told[finding.Place] || finding.Account != p.account || finding.Server != p.scene.Rescued.Name() || finding.Kind != target.MessageMissing || !finding.Doubtful() {
			continue
		}
		source, ok := p.rescued.Mailbox(finding.Mailbox)
		if !ok {
			continue
		}
		now, ok := byUniqueID(p.now, source.UniqueID)
		if !ok || !slices.ContainsFunc(now.Live(), func(r target.Record) bool { return r.UID == finding.UID && r.GUID == finding.GUID }) {
			continue
		}
		told[finding.Place] = true
		kept = append(kept, Action{
			Act: Keep, Account: p.account, Mailbox: now.Name, UID: finding.UID, GUID: finding.GUID, Doubtful: true,
			Why: "it stays, since it may not have been deleted; " + finding.Evidence,
		})
	}
	return kept
}
