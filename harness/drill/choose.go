package drill

import (
	"context"
	"fmt"
	"math"

	"github.com/cyrdrill/cyrdrill/harness/fault"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/traffic"
)

// sceneFor chooses, by the plan's seed, what a fault is to hurt.
func (r *run) sceneFor(ctx context.Context, f fault.Fault, on target.Server, step plan.Fault) (fault.Scene, error) {
	scene := fault.Scene{
		Pair: r.pair, On: on.Name(), Accounts: r.accounts(step.Accounts),
		Count: step.Count, By: step.By, Rate: step.Rate, Loss: step.Loss,
	}
	effects := f.Effects()
	var err error
	if effects.HurtsMailboxes {
		scene.Mailboxes, err = r.chooseMailboxes(ctx, on, scene.Accounts, step.Count, effects.Fits)
	}
	if effects.HurtsAccounts {
		scene.Hurt, err = r.chooseAccounts(ctx, on, scene.Accounts, step.Count, effects.FitsAccount)
	}
	if effects.HurtsScripts {
		scene.Scripts, err = r.chooseScripts(scene.Accounts, step.Count)
	}
	return scene, err
}

// chooseMailboxes draws among the mailboxes of the accounts that fit or, where
// nothing says which do, that the server has ever had mail in.
func (r *run) chooseMailboxes(ctx context.Context, on target.Server, accounts []string, count int, fits func(target.Mailbox) bool) ([]fault.ChosenMailbox, error) {
	var all []fault.ChosenMailbox
	for _, account := range accounts {
		mailboxes, err := on.Index().Mailboxes(ctx, account)
		if err != nil {
			return nil, fmt.Errorf("choosing mailboxes of %s on %s: %w", account, on.Name(), err)
		}
		for _, m := range mailboxes {
			if m.LastUID == 0 {
				continue
			}
			if fits != nil {
				if m, err = on.Index().Mailbox(ctx, account, m.Name); err != nil {
					return nil, fmt.Errorf("choosing mailboxes of %s on %s: %w", account, on.Name(), err)
				}
			}
			if fits == nil || fits(m) {
				all = append(all, fault.ChosenMailbox{Account: account, Mailbox: m.Name})
			}
		}
	}
	if len(all) < count {
		return nil, fmt.Errorf("%d mailboxes are to be hurt, and only %d hold mail that can be", count, len(all))
	}
	chosen := make([]fault.ChosenMailbox, count)
	for i, at := range r.chance.Perm(len(all))[:count] {
		chosen[i] = all[at]
		if fits != nil {
			chosen[i].Pick = r.chance.IntN(math.MaxInt32)
		}
	}
	return chosen, nil
}

// chooseAccounts draws among the accounts that fit.
func (r *run) chooseAccounts(ctx context.Context, on target.Server, accounts []string, count int, fits func(target.Snapshot) bool) ([]string, error) {
	var all []string
	for _, account := range accounts {
		if fits != nil {
			snapshot, err := target.TakeSnapshot(ctx, on, account, target.LevelIndex)
			if err != nil {
				return nil, fmt.Errorf("choosing accounts on %s: %w", on.Name(), err)
			}
			if !fits(snapshot) {
				continue
			}
		}
		all = append(all, account)
	}
	if len(all) < count {
		return nil, fmt.Errorf("%d accounts are to be hurt, and only %d have what can be", count, len(all))
	}
	chosen := make([]string, count)
	for i, at := range r.chance.Perm(len(all))[:count] {
		chosen[i] = all[at]
	}
	return chosen, nil
}

// chooseScripts draws among the accounts whose users have an active script that
// no fault has hurt yet.
func (r *run) chooseScripts(accounts []string, count int) ([]fault.ChosenScript, error) {
	wanted := map[string]bool{}
	for _, name := range accounts {
		wanted[name] = !r.scriptsHurt[name]
	}
	var all []string
	for _, account := range r.ledger.Accounts() {
		if source, known := account.ActiveSource(); known && source != "" && wanted[account.Name] {
			all = append(all, account.Name)
		}
	}
	if len(all) < count {
		return nil, fmt.Errorf("the scripts of %d accounts are to be hurt, and only %d have one", count, len(all))
	}
	chosen := make([]fault.ChosenScript, count)
	for i, at := range r.chance.Perm(len(all))[:count] {
		r.scriptsHurt[all[at]] = true
		chosen[i] = fault.ChosenScript{Account: all[at], Script: traffic.ScriptName, Source: []byte(r.users.OldScript(all[at]))}
	}
	return chosen, nil
}
