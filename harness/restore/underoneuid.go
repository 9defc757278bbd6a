package restore

import (
	"fmt"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// underOneUID plans the copies of messages in whose place, under their UID, the other
// side has another message: both servers took mail while they could not reach each other
// (a split brain). Users were promised both.
func (p *accountPlanner) underOneUID() []Action {
	var actions []Action
	told := map[target.Place]bool{} // it is found on both sides, and perhaps by more than one look
	for _, f := range p.scene.Findings {
		at := target.Place{Mailbox: f.Mailbox, UID: f.UID}
		if f.Account != p.account || f.Kind != target.GUIDDiffers || told[at] {
			continue
		}
		told[at] = true
		source, ok := p.rescued.Mailbox(f.Mailbox)
		if !ok || p.isRemade(source.UniqueID) {
			continue
		}
		r, before := liveAt(source, f.UID), p.wasAt(source)
		if r == nil || slices.ContainsFunc(before.Records, func(b target.Record) bool { return b.GUID == r.GUID }) || p.damagedAt(before, f.UID) {
			continue // its index is wrong about it, or it is there under another UID
		}
		actions = append(actions, p.bringOnce(source, Action{
			Account: p.account, Mailbox: source.Name, UID: r.UID, GUID: r.GUID, Size: r.Size, Flags: r.Flags, InternalDate: r.InternalDate,
			Why: fmt.Sprintf("both servers gave UID %d to a message of their own; %s", r.UID, f.Evidence),
		}))
	}
	return actions
}

// wasAt is a mailbox of the rescued store as the serving server had it in the freeze.
func (p *accountPlanner) wasAt(source target.Mailbox) target.Mailbox {
	if before, ok := byUniqueID(p.before, source.UniqueID); ok {
		return before
	}
	before, _ := p.before.Mailbox(source.Name)
	return before
}

// damagedAt says whether the serving server gives other bytes of the message under a UID
// than it recorded.
func (p *accountPlanner) damagedAt(m target.Mailbox, uid uint32) bool {
	return slices.ContainsFunc(p.scene.Findings, func(f detect.Finding) bool {
		return f.Account == p.account && f.Server == p.scene.Serving.Name() && f.Kind == target.BodyDiffers && f.Mailbox == m.Name && f.UID == uid
	})
}
