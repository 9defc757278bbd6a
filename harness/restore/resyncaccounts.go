package restore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/restore/journal"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// ResyncAccounts sends each account of which a detector has found the other server of the
// pair wrong anew, one way: it is emptied there, and sent whole from the server that serves.
// It is for a replica that came back empty, behind or damaged. To let replication mend such
// a one could carry its damage to the side that is right. Where that is found wrong as well,
// nothing is done.
type ResyncAccounts struct{}

// Name implements [Restorer].
func (ResyncAccounts) Name() string { return "resync-accounts" }

// Doc implements [Restorer].
func (ResyncAccounts) Doc() string {
	return "sends accounts anew to the replica, one way, where it was found empty, behind or damaged and the serving server was not"
}

// ErrNoPeer says that there is no other server that accounts could be sent to.
var ErrNoPeer = errors.New("there is no other server in the pair to send accounts to")

// Plan implements [Restorer].
func (r ResyncAccounts) Plan(_ context.Context, scene Scene) (Plan, error) {
	plan := Plan{Restorer: r.Name()}
	if scene.Other == nil {
		return plan, ErrNoPeer
	}
	for _, account := range scene.Accounts {
		var there, here []string
		for _, f := range scene.Findings {
			switch {
			case f.Account != account:
			case f.Server == scene.Other.Name():
				there = append(there, f.Evidence)
			case f.Server == scene.Serving.Name():
				here = append(here, f.Evidence)
			}
		}
		action := Action{Act: Resync, Account: account, Name: string(scene.Other.Name())}
		switch {
		case len(there) == 0:
			continue
		case len(here) > 0:
			action.Act, action.Why = Keep, fmt.Sprintf("%s is found wrong itself, and would send that on: mend it first (%s)", scene.Serving.Name(), firstOf(here))
		default:
			action.Why = fmt.Sprintf("%s is found wrong, and %s is not: %s", scene.Other.Name(), scene.Serving.Name(), firstOf(there))
		}
		plan.Actions = append(plan.Actions, action)
	}
	return plan, nil
}

func firstOf(all []string) string {
	if len(all) == 1 {
		return all[0]
	}
	return fmt.Sprintf("%s; and %d more", all[0], len(all)-1)
}

// mayResync refuses to empty accounts where that would take away what only the other server
// has, or where the serving one is not the side that sends. An account that was being sent
// already when the restore was killed is half empty, and was looked at then.
func (e *engine) mayResync(ctx context.Context) error {
	var accounts []string
	for i, a := range e.plan.Actions {
		if a.Act == Resync && e.journal.State(i) == journal.Pending {
			accounts = append(accounts, a.Account)
		}
		if why := e.whyNotResync(a); why != "" {
			return &UnsafeError{why}
		}
	}
	if len(accounts) == 0 {
		return nil
	}
	unsaved, err := Unsaved(ctx, e.scene.Executor, e.scene.Other, e.scene.Serving, accounts)
	if err != nil {
		return err
	}
	// Of an account that is not listed there nothing is taken away.
	unsaved = slices.DeleteFunc(unsaved, func(u Unsafe) bool { return u.Why == whyNotListed })
	if len(unsaved) == 0 {
		return nil
	}
	var texts []string
	for _, u := range unsaved {
		texts = append(texts, u.String())
	}
	return &UnsafeError{fmt.Sprintf("to send accounts anew to %s would destroy what %s lacks: %s", e.scene.Other.Name(), e.scene.Serving.Name(), firstOf(texts))}
}

func (e *engine) whyNotResync(a Action) string {
	switch {
	case a.Act != Resync:
		return ""
	case e.scene.Other == nil || string(e.scene.Other.Name()) != a.Name:
		return fmt.Sprintf("%s is not the other server of the pair, so %s cannot be sent anew to it", a.Name, a.Account)
	case e.scene.Role == nil || e.scene.Role(e.scene.Other.Name()) != target.RoleReplica || e.scene.Role(e.scene.Serving.Name()) != target.RoleMaster:
		return fmt.Sprintf("%s is not the replica of %s, so %s cannot be sent anew to it", a.Name, e.scene.Serving.Name(), a.Account)
	}
	return ""
}

// resync empties the account on the replica and sends it whole.
func (a *account) resync(ctx context.Context) error {
	if err := a.wholeHere(ctx); err != nil {
		return err
	}
	if err := ResetUser(ctx, a.scene, a.scene.Other.Name(), a.name); err != nil {
		return err
	}
	const tries = 3 // users go on
	var differ []target.Difference
	for range tries {
		status, err := a.scene.Operator.SyncUser(ctx, a.scene.Serving.Name(), a.name)
		if err != nil {
			return err
		}
		if status != 0 {
			return leftAlone(fmt.Sprintf("it was taken away on %s, and sync_client -u ended with %d: run it again on %s", a.scene.Other.Name(), status, a.scene.Serving.Name()))
		}
		if differ, err = a.differences(ctx); err != nil || len(differ) == 0 {
			return err
		}
	}
	return leftAlone(fmt.Sprintf("it was sent anew, and differs still: %s", differ[0]))
}

// differences returns in what both servers differ about the account.
func (a *account) differences(ctx context.Context) ([]target.Difference, error) {
	here, err := target.TakeSnapshot(ctx, a.scene.Serving, a.name, target.LevelIndex)
	if err != nil {
		return nil, err
	}
	there, err := target.TakeSnapshot(ctx, a.scene.Other, a.name, target.LevelIndex)
	if err != nil {
		return nil, err
	}
	return target.Diff(there, here), nil
}

// wholeHere reads each message of the account on the serving server: what is damaged there
// may be good on the replica, and would be lost with it.
func (a *account) wholeHere(ctx context.Context) error {
	snap, err := target.TakeSnapshot(ctx, a.scene.Serving, a.name, target.LevelBody)
	if err != nil {
		return err
	}
	if len(snap.Mailboxes) == 0 {
		return leftAlone(fmt.Sprintf("%s does not have the account", a.scene.Serving.Name()))
	}
	for _, m := range snap.Mailboxes {
		for _, r := range m.Live() {
			if !strings.EqualFold(r.BodySHA1, r.GUID) {
				return leftAlone(fmt.Sprintf("UID %d in %s is damaged on %s itself (SHA-1 %.12s, not %.12s), and may be good on %s", r.UID, m.Name, a.scene.Serving.Name(), r.BodySHA1, r.GUID, a.scene.Other.Name()))
			}
		}
	}
	return nil
}
