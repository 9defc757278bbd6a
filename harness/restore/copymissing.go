package restore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// CopyMissing brings over the messages that never reached the replica, each as
// a finding on the freeze shows it. Applied twice, it does nothing the second
// time.
type CopyMissing struct{}

// Name implements [Restorer].
func (CopyMissing) Name() string { return "copy-missing" }

// Doc implements [Restorer].
func (CopyMissing) Doc() string {
	return "brings back the messages that never reached the replica, with flags and INTERNALDATE, under their UIDs where these are free"
}

// ErrNoFreeze says that the evidence which a restorer needs was not taken.
var ErrNoFreeze = errors.New("there is no whole freeze of both sides: take it before the promotion and complete it with the rescued store")

// Plan implements [Restorer].
func (r CopyMissing) Plan(ctx context.Context, scene Scene) (Plan, error) {
	return planAccounts(ctx, scene, r.Name(), func(_ context.Context, p *accountPlanner) ([]Action, error) {
		return p.missing(), nil
	})
}

// planAccounts plans each account by itself, on what the freeze has of it and
// what the serving server has now.
func planAccounts(ctx context.Context, scene Scene, restorer string, plan func(context.Context, *accountPlanner) ([]Action, error)) (Plan, error) {
	whole := Plan{Restorer: restorer}
	if scene.Freeze == nil || !scene.Freeze.Whole() {
		return whole, ErrNoFreeze
	}
	whyNoSync := scene.syncReach(ctx)
	for some := range slices.Chunk(scene.Accounts, plannedAtOnce) {
		now, err := scene.nowOf(ctx, some)
		if err != nil {
			return whole, fmt.Errorf("planning a restore: %w", err)
		}
		for _, account := range some {
			planner, err := newAccountPlanner(ctx, scene, account, now[account])
			var actions []Action
			if err == nil {
				planner.whyNoSync = whyNoSync
				actions, err = plan(ctx, planner)
			}
			if err != nil {
				return whole, fmt.Errorf("planning the restore of %s: %w", account, err)
			}
			whole.Actions = append(whole.Actions, actions...)
			whole.Saw = append(whole.Saw, sights(now[account], actions)...)
		}
	}
	return whole, nil
}

// plannedAtOnce is how many accounts are read side by side, and held.
const plannedAtOnce = 8

// nowOf returns what the serving server has of accounts.
func (s Scene) nowOf(ctx context.Context, accounts []string) (map[string]target.Snapshot, error) {
	if s.Seen != nil {
		return s.Seen.Accounts, nil
	}
	now, err := target.TakeSnapshots(ctx, s.Executor, accounts, target.LevelIndex, s.Serving)
	return now[s.Serving.Name()], err
}

// accountPlanner knows one account as both sides had it in the freeze and as
// the serving server has it now.
type accountPlanner struct {
	scene                Scene
	account              string
	frozen               *FrozenSide // of the serving server
	rescued, before, now target.Snapshot
	// arrived counts, by mailbox and GUID, messages that the serving server
	// has got since the freeze, whether still alive or not: those need no
	// second copy. A planned copy uses one up. Nil: nobody has asked yet.
	arrived map[[2]string]int
	// remade are mailboxes of the rescued store that are going to be made again.
	remade    []target.Mailbox
	whyNoSync func() string // why nothing can be put back by the sync protocol; empty: it can
}

func newAccountPlanner(ctx context.Context, scene Scene, account string, now target.Snapshot) (*accountPlanner, error) {
	p := &accountPlanner{scene: scene, account: account, frozen: scene.Freeze.Sides[scene.Serving.Name()]}
	for server, snap := range map[target.ServerName]*target.Snapshot{scene.Rescued.Name(): &p.rescued, scene.Serving.Name(): &p.before} {
		side, err := scene.Freeze.Side(server)
		if err != nil {
			return nil, err
		}
		if *snap, err = side.Snapshot(ctx, account, target.LevelIndex); err != nil {
			return nil, err
		}
	}
	if slices.Contains(scene.Freeze.Sides[scene.Rescued.Name()].NoMeta, account) {
		p.rescued.Meta = p.before.Meta // what nobody knows of has not changed
	}
	if slices.Contains(p.frozen.NoMeta, account) {
		p.before.Meta = p.rescued.Meta
	}
	p.now = now
	return p, nil
}

// countArrived counts what arrived says, for the first copy that is planned.
func (p *accountPlanner) countArrived() {
	p.arrived = map[[2]string]int{}
	for _, m := range p.now.Mailboxes {
		for i := range m.Records {
			p.arrived[[2]string{m.UniqueID, m.Records[i].GUID}]++
		}
	}
	for _, m := range p.before.Mailboxes {
		for i := range m.Records {
			p.arrived[[2]string{m.UniqueID, m.Records[i].GUID}]--
		}
	}
}

// forFindings plans one action for each of the account's messages of which a finding
// of a kind on a server tells, however often it was found.
func (p *accountPlanner) forFindings(kind target.Kind, server target.ServerName, plan func(target.Mailbox, Action) Action) []Action {
	var actions []Action
	told := map[target.Place]bool{}
	for _, finding := range p.scene.Findings {
		if told[finding.Place] {
			continue
		}
		if finding.Account != p.account || finding.Server != server || finding.Kind != kind {
			continue
		}
		source, record, ok := findRecord(p.rescued, finding)
		if !ok || p.isRemade(source.UniqueID) {
			continue
		}
		told[finding.Place] = true
		actions = append(actions, plan(source, Action{
			Account: p.account, Mailbox: source.Name, UID: record.UID, GUID: record.GUID, Size: record.Size,
			Flags: record.Flags, InternalDate: record.InternalDate, Why: finding.Evidence, Doubtful: finding.Doubtful(),
		}))
	}
	return actions
}

func findRecord(snap target.Snapshot, finding detect.Finding) (target.Mailbox, target.Record, bool) {
	mailbox, ok := snap.Mailbox(finding.Mailbox)
	if !ok {
		return target.Mailbox{}, target.Record{}, false
	}
	first, _ := slices.BinarySearchFunc(mailbox.Records, finding.UID, func(r target.Record, uid uint32) int { return cmp.Compare(r.UID, uid) })
	for _, r := range mailbox.Records[first:] { // of one UID there is one, where the index is well
		switch {
		case r.UID != finding.UID:
			return target.Mailbox{}, target.Record{}, false
		case r.GUID == finding.GUID:
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

// missing plans to bring back each message that the serving server lacks.
func (p *accountPlanner) missing() []Action {
	return putBackFirst(append(p.forFindings(target.MessageMissing, p.scene.Serving.Name(), p.bringOnce), p.underOneUID()...))
}

// bringOnce plans to bring a message back into the mailbox that is the source's on
// the serving server: of its unique ID, or else of its name.
func (p *accountPlanner) bringOnce(source target.Mailbox, action Action) Action {
	action.Act = Copy
	destination, ok := p.destination(source)
	if !ok {
		action.Act, action.Why = Keep, "the serving server has no mailbox "+source.UniqueID+" to copy into; "+action.Why
		return action
	}
	action.From, action.Mailbox = source.Name, destination.Name // the user may have renamed it since
	if p.hadBefore(source, action) {
		action.Act, action.Why = Keep, "the serving server had it in the freeze, and lacked it before that: "+action.Why
		return action
	}
	if p.arrived == nil {
		p.countArrived()
	}
	if key := [2]string{destination.UniqueID, action.GUID}; p.arrived[key] > 0 {
		p.arrived[key]--
		action.Act, action.Why = Keep, "the serving server has got it since the freeze"
		return action
	}
	if why := p.whyNewUID(source, destination, action.UID); why != "" {
		action.Why += "; under a new UID: " + why
		return action
	}
	action.Act = PutBack
	action.Why += fmt.Sprintf("; its UID is free: %s has given out none above %d", p.scene.Serving.Name(), destination.LastUID)
	return action
}

// hadBefore says whether the serving server had the message in the freeze: whoever has
// missed it looked earlier, or at an index that was rebuilt since.
func (p *accountPlanner) hadBefore(source target.Mailbox, message Action) bool {
	before, _ := byUniqueID(p.before, source.UniqueID)
	return slices.ContainsFunc(before.Records, func(r target.Record) bool { return r.UID == message.UID && r.GUID == message.GUID })
}

// destination finds the mailbox on the serving server that is the rescued
// store's, as it is now, under whatever name. One that the user has deleted since is none.
func (p *accountPlanner) destination(source target.Mailbox) (target.Mailbox, bool) {
	if m, ok := byUniqueID(p.now, source.UniqueID); ok {
		return m, true
	}
	if slices.Contains(p.now.Meta.Deleted, source.UniqueID) {
		return target.Mailbox{}, false
	}
	return p.now.Mailbox(p.nameHere(source.Name, func(uniqueID string) (string, bool) {
		m, there := byUniqueID(p.now, uniqueID)
		return m.Name, there
	}))
}
