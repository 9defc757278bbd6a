package drill

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// readScene gathers what properties judge. Probes come last: they are the only
// part that writes.
func (r *run) readScene(ctx context.Context) (property.Scene, error) {
	serving := r.pair.Serving()
	scene := property.Scene{
		Promises: r.ledger.Messages(), Accounts: r.ledger.Accounts(), Sightings: r.ledger.Sightings(), Counts: r.ledger.Counts(),
		Flagged:  r.ledger.Flagged(r.tookOver),
		Reported: r.reported(), Looks: r.looks, Outages: r.outages,
		Repeats: r.repeats, Estimates: r.estimates,
	}
	if r.freeze != nil {
		frozen := r.frozen()
		scene.Frozen = &frozen
	}
	var errs [5]error
	scene.Mail, errs[0] = property.ReadMail(ctx, r.pair, serving, scene.Promises, scene.Accounts)
	if r.expects(property.StateKept{}) || r.expects(property.RulesCurrent{}) || r.expects(property.Access{}) {
		scene.States, errs[1] = property.ReadStates(ctx, r.pair, serving, scene.Accounts)
	}
	if r.expects(property.Convergence{}) {
		scene.Sides, errs[2] = property.ReadSides(ctx, r.pair, r.plan.Accounts)
		crossing, err := property.Cross(ctx, r.pair, r.plan.Accounts[0])
		scene.Crossings, errs[2] = []property.Crossing{crossing}, errors.Join(errs[2], err)
	}
	if r.expects(property.Isolation{}) {
		scene.Glimpses, errs[4] = property.ReadGlimpses(ctx, r.pair, serving, r.plan.Accounts)
	}
	if r.expects(property.RulesCurrent{}) {
		scene.Probes, errs[3] = property.Probe(ctx, r.pair, scene.Accounts)
	}
	return scene, errors.Join(errs[:]...)
}

func (r *run) expects(p property.Property) bool {
	return slices.ContainsFunc(r.plan.Expect.Properties, func(ref plan.Ref) bool { return ref.Name == p.Name() })
}

// reported is what the operator was told by detectors and restores.
func (r *run) reported() property.Reported {
	var told property.Reported
	for _, done := range r.result.Restores {
		for _, a := range done.Plan.Actions {
			if a.Doubtful && a.AboutFlags() {
				for _, flag := range slices.Concat(a.Add, a.Remove) {
					told.DoubtfulFlags = append(told.DoubtfulFlags, property.DoubtfulFlag{Account: a.Account, Mailbox: a.Mailbox, GUID: a.GUID, UID: a.UID, Flag: flag})
				}
			} else if a.Act == restore.Expunge {
				told.Expunged = append(told.Expunged, property.Doubtful{Account: a.Account, Mailbox: a.Mailbox, GUID: a.GUID, UID: a.UID})
			} else if a.Doubtful {
				told.Doubtful = append(told.Doubtful, property.Doubtful{Account: a.Account, Mailbox: a.Mailbox, GUID: a.GUID, UID: a.UID})
			}
		}
	}
	for _, f := range r.findings {
		if property.TellsOfLoss(f.Kind) {
			told.Lost = append(told.Lost, property.Lost{Place: f.Place, Doubtful: f.Doubtful(), Last: !f.FoundAt.Before(r.changedAt)})
		}
	}
	for _, f := range r.result.Findings {
		if f.Kind == target.ClientCachesWrong {
			told.Caches = append(told.Caches, property.MailboxID{Account: f.Account, Mailbox: f.Mailbox})
		}
	}
	return told
}

// frozen is the freeze as the oracle reads it: without what was noted into it
// since.
func (r *run) frozen() property.Frozen {
	frozen := property.Frozen{Master: r.freeze.Master(), Accounts: map[target.ServerName]map[string]property.FrozenAccount{}}
	for name, side := range r.freeze.Sides {
		frozen.Accounts[name] = map[string]property.FrozenAccount{}
		for account, snap := range side.Accounts {
			frozen.Accounts[name][account] = property.FrozenAccount{
				Mailboxes: snap.Mailboxes, Unreadable: side.Unreadable[account], Deleted: snap.Meta.Deleted,
			}
		}
	}
	return frozen
}

// measureOutage notes for each account how long its user was without service
// since the master died: until its INBOX can be opened.
func (r *run) measureOutage(ctx context.Context) {
	if r.diedAt.IsZero() {
		return
	}
	for _, account := range r.plan.Accounts {
		if _, done := r.outages[account]; done {
			continue
		}
		session, err := r.pair.Serving().User().Login(ctx, account)
		if err != nil {
			continue
		}
		_, err = session.Records(ctx, "INBOX")
		_ = session.Close() // it was only read from
		if err == nil {
			r.outages[account] = r.pair.Clock().Now().Sub(r.diedAt).Round(time.Millisecond)
		}
	}
}
