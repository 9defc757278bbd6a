package restore

import (
	"context"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/restore/journal"
)

// arrival is a message that has come since the plan was made; its user may have expunged it.
type arrival struct {
	uid      uint32
	expunged bool
}

// look reads what the server has of the account, and which copies have come already.
func (a *account) look(ctx context.Context) error {
	now, err := readStanding(ctx, a.scene.Serving, a.name, a.saw)
	if err != nil {
		return err
	}
	spare := map[spot][]arrival{}
	looked := map[string]bool{}
	for _, i := range a.actions {
		action := a.plan.Actions[i]
		if !action.bringsMail() || a.journal.State(i) == journal.Left {
			continue
		}
		if !looked[action.Mailbox] {
			looked[action.Mailbox] = true
			came, err := now.arrived(ctx, action.Mailbox)
			if err != nil {
				return err
			}
			for guid, records := range came {
				at := spot{action.Mailbox, guid}
				for _, r := range records {
					spare[at] = append(spare[at], arrival{r.UID, r.Expunged})
				}
			}
		}
	}
	a.now, a.spare, a.own, a.copied, a.ready, a.owed = now, spare, map[int]arrival{}, nil, nil, nil
	a.claimOwn()
	for _, i := range a.actions { // what is known to be done takes its own
		if a.plan.Actions[i].bringsMail() && a.journal.State(i).Over() && a.journal.State(i) != journal.Left {
			a.take(i)
		}
	}
	return nil
}

// claimOwn gives each message that is to have its UID again what has come under it.
func (a *account) claimOwn() {
	for _, i := range a.actions {
		action := a.plan.Actions[i]
		if action.Act != PutBack || a.journal.State(i) == journal.Left {
			continue
		}
		at := spot{action.Mailbox, action.GUID}
		if n := slices.IndexFunc(a.spare[at], func(came arrival) bool { return came.uid == action.UID }); n >= 0 {
			a.own[i] = a.spare[at][n]
			a.spare[at] = slices.Delete(a.spare[at], n, n+1)
		}
	}
}

// take finds a message that has come, says whether there is one, and notes that it has to
// be read back.
func (a *account) take(i int) bool {
	came, there := a.own[i]
	if !there {
		at := spot{a.plan.Actions[i].Mailbox, a.plan.Actions[i].GUID}
		if len(a.spare[at]) == 0 {
			return false
		}
		came, a.spare[at] = a.spare[at][0], a.spare[at][1:]
	}
	if !came.expunged {
		a.copied = append(a.copied, placed{i, came.uid})
	}
	return true
}
