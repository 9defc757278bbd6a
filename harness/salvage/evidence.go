package salvage

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/document"
	"github.com/cyrdrill/cyrdrill/harness/field"
	"github.com/cyrdrill/cyrdrill/harness/realtime"
	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/view"
)

// CheckRoles says why nothing can be restored by a configuration: of a master with its
// replica nothing tells which is to be restored from.
func CheckRoles(config *field.Config) error {
	first, second := config.Servers[0], config.Servers[1]
	if first.Role == target.RoleRescued && second.Role == target.RoleServing {
		return nil
	}
	return &target.SetupError{
		Problem: fmt.Sprintf("%s: %s is a %s and %s a %s, and a restore goes from one that is rescued to the one that serves", config.File, first.Name, first.Role, second.Name, second.Role),
		Mend:    "say role: rescued of the old master, brought up apart, and role: serving of the one on which users work",
	}
}

// sides are the servers of a pair by what they are in a restore.
func sides(pair *field.Pair) (rescued, serving *field.Server, err error) {
	return pair.Servers[0], pair.Servers[1], CheckRoles(pair.Config.Config)
}

// accounts are those to be looked at, and what is left to an administrator about others.
type accounts struct {
	names  []string
	byHand []restore.Action
}

// accountsOf returns the accounts that both servers have. Nobody can be logged in to one
// that the serving server does not have: it has to be made first.
func accountsOf(ctx context.Context, pair *field.Pair, asked []string) (accounts, error) {
	rescued, serving := pair.Servers[0], pair.Servers[1]
	var theirs, mine []string
	list := func(server *field.Server, into *[]string) func(context.Context) error {
		return func(ctx context.Context) (err error) {
			if *into, err = server.User().Accounts(ctx); err != nil {
				err = fmt.Errorf("listing the accounts of %s: %w", server.Name(), err)
			}
			return err
		}
	}
	if err := (realtime.Time{}).Run(ctx, list(rescued, &theirs), list(serving, &mine)); err != nil {
		return accounts{}, err
	}
	if asked == nil {
		asked = pair.Config.Names
	}
	known := slices.Concat(theirs, mine)
	for _, name := range asked {
		if !slices.Contains(known, name) {
			mend := "see their lists"
			if near, ok := document.Nearest(name, known); ok {
				mend = fmt.Sprintf("did you mean %q?", near)
			}
			return accounts{}, &target.SetupError{Problem: fmt.Sprintf("neither server has an account %q", name), Mend: mend}
		}
	}
	var found accounts
	for _, name := range slices.Compact(slices.Sorted(slices.Values(theirs))) {
		switch {
		case asked != nil && !slices.Contains(asked, name):
		case slices.Contains(mine, name):
			found.names = append(found.names, name)
		default:
			found.byHand = append(found.byHand, restore.Action{
				Act: restore.Keep, Account: name,
				Why: byHand + fmt.Sprintf("%s does not have the account; make it there as administrator (cyradm: createmailbox user/%s), and plan anew", serving.Name(), name),
			})
		}
	}
	return found, nil
}

// byHand is what the reason of an action begins with that only an administrator can do.
const byHand = "by hand: "

// readAtOnce is how many accounts are read side by side: each has connections of its
// own, which a server has not many of.
const readAtOnce = 8

// few is an executor that has but a few tasks at work at once.
type few struct {
	realtime.Time
	most int // of them; 0: readAtOnce
}

// Run implements [target.Executor].
func (f few) Run(ctx context.Context, tasks ...func(context.Context) error) error {
	next := make(chan func(context.Context) error)
	workers := make([]func(context.Context) error, min(cmp.Or(f.most, readAtOnce), len(tasks)))
	for i := range workers {
		workers[i] = func(ctx context.Context) error {
			for task := range next {
				if err := task(ctx); err != nil {
					return err
				}
			}
			return nil
		}
	}
	feed := func(ctx context.Context) error {
		defer close(next)
		for _, task := range tasks {
			select {
			case next <- task:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	}
	return f.Time.Run(ctx, append(workers, feed)...)
}

// differences has the index of both sides compared, as the freeze has it.
func differences(ctx context.Context, pair *field.Pair, freeze *restore.Freeze, names []string, master target.ServerName) ([]detect.Finding, error) {
	frozen := sceneOf(pair, names)
	frozen.Master, frozen.Partial = master, false // others' accounts are in no freeze
	for _, s := range pair.Servers {
		side, err := freeze.Side(s.Name())
		if err != nil {
			return nil, err
		}
		frozen.Sides = append(frozen.Sides, side)
	}
	return detect.IndexCompare{}.Detect(ctx, frozen)
}

// unusable has detectors look at the serving server as it is: what users cannot open of
// their own, and what is not compiled.
func unusable(ctx context.Context, pair *field.Pair, names []string, listed map[string]target.Listing) ([]detect.Finding, error) {
	serving := pair.Servers[1]
	live := sceneOf(pair, names)
	live.Sides = []detect.Side{detect.LiveSide(serving)}
	found, err := detect.OpenOwn(ctx, live, listed)
	if err != nil || !serving.Has(view.Sieve) || !serving.HasHost() {
		return found, err
	}
	more, err := detect.ScriptCompare{}.Detect(ctx, live)
	return append(found, more...), err
}

// unusableOfOthers adds what users cannot open of others' mail, as far as a freeze tells that
// they have read any, or does not tell.
func unusableOfOthers(ctx context.Context, pair *field.Pair, frozen *restore.FrozenSide, names []string, found []detect.Finding) ([]detect.Finding, error) {
	readers := slices.DeleteFunc(slices.Clone(names), func(account string) bool {
		return len(frozen.Accounts[account].Meta.Seen) == 0 && !slices.Contains(frozen.NoMeta, account)
	})
	if len(readers) == 0 {
		return found, nil
	}
	live := sceneOf(pair, readers)
	live.Sides = []detect.Side{detect.LiveSide(pair.Servers[1])}
	return detect.OpenOthers(ctx, live, found)
}

// sceneOf is a scene of some of a pair's accounts, without sides.
func sceneOf(pair *field.Pair, names []string) detect.Scene {
	return detect.Scene{Clock: realtime.Time{}, Executor: few{}, Accounts: names, Partial: true, RepeatInterval: pair.Config.RepeatInterval}
}

// withoutScripts leaves scripts out of a freeze: nobody can read their sources.
func withoutScripts(freeze *restore.Freeze) *restore.Freeze {
	bare := &restore.Freeze{TakenAt: freeze.TakenAt, Sides: map[target.ServerName]*restore.FrozenSide{}}
	for name, side := range freeze.Sides {
		without := *side
		without.Accounts = map[string]target.Snapshot{}
		for account, snap := range side.Accounts {
			snap.Meta.Scripts = nil
			without.Accounts[account] = snap
		}
		bare.Sides[name] = &without
	}
	return bare
}
