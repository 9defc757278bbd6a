package salvage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/compare"
	"github.com/cyrdrill/cyrdrill/harness/field"
	"github.com/cyrdrill/cyrdrill/harness/realtime"
	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/mailboxname"
	"github.com/cyrdrill/cyrdrill/harness/view"
)

// Options say what is planned, and on which evidence.
type Options struct {
	Accounts []string // nil: those of the configuration
	// Restorers plan; none: restore-everything does.
	Restorers []restore.Restorer
	Policy    restore.Policy
	// FreezeFile keeps the freeze: where it is there it is the evidence, else it is
	// written. Empty: the freeze is kept nowhere.
	FreezeFile string
	// Untouched is the operator's word that the serving server had got nothing but what
	// the rescued one had sent to it when the freeze was taken.
	Untouched bool
}

// Plan gathers the evidence and plans a restore. Nothing is changed on the servers.
func Plan(ctx context.Context, pair *field.Pair, options Options) (restore.Plan, error) {
	none := restore.Plan{}
	rescued, serving, err := sides(pair)
	if err != nil {
		return none, err
	}
	if len(options.Restorers) == 0 {
		options.Restorers = []restore.Restorer{restore.Everything{}}
	}
	if err := together(options.Restorers); err != nil {
		return none, err
	}
	of, err := accountsOf(ctx, pair, options.Accounts)
	if err != nil {
		return none, err
	}
	if err := compare.CheckNames(ctx, pair, of.names); err != nil {
		return none, err
	}
	freeze, err := freezeOf(ctx, pair, options.FreezeFile, of.names)
	if err != nil {
		return none, err
	}
	scripts := rescued.Has(view.Sieve) && serving.Has(view.Sieve)
	if !scripts {
		freeze = withoutScripts(freeze)
	}
	scene := restore.Scene{Accounts: of.names, Rescued: rescued, Serving: serving, Executor: few{}, Clock: realtime.Time{}, Sync: lines{pair}}
	master, undecided := rescued.Name(), []restore.Action(nil)
	if options.Untouched {
		if why := freeze.Touched(rescued.Name(), serving.Name()); why != "" {
			return none, &target.SetupError{Problem: fmt.Sprintf("%s is not untouched: %s", serving.Name(), why), Mend: "leave out --untouched"}
		}
	} else {
		master = ""
		if freeze, undecided, err = freeze.Parted(rescued.Name(), serving.Name()); err != nil {
			return none, err
		}
	}
	scene.Freeze = freeze
	if scene.Findings, err = find(ctx, pair, freeze, of.names, master); err != nil {
		return none, fmt.Errorf("looking for what is missing: %w", err)
	}
	plan, err := planAll(ctx, scene, options.Restorers)
	if err != nil {
		return none, err
	}
	rebuilds := options.Restorers[0].Name() == restore.RebuildMailboxes{}.Name()
	if rebuilds {
		undecided = nil
	} else {
		undecided = append(undecided, unreadable(scene, serving)...)
	}
	undecided = append(undecided, of.byHand...)
	plan.Actions = byAccount(append(handsOff(plan.Actions, serving), undecided...))
	return plan.Under(options.Policy)
}

// together says which restorers cannot be planned together.
func together(restorers []restore.Restorer) error {
	for _, r := range restorers {
		if len(restorers) > 1 && restore.WithoutRescued(r) {
			return &target.SetupError{Problem: r.Name() + " goes alone: what it leaves is what the others plan on", Mend: "apply it first, and plan the others then"}
		}
	}
	return nil
}

func planAll(ctx context.Context, scene restore.Scene, restorers []restore.Restorer) (restore.Plan, error) {
	var whole restore.Plan
	var names []string
	seen := map[[2]string]bool{}
	for _, r := range restorers {
		plan, err := r.Plan(ctx, scene)
		if err != nil {
			return whole, err
		}
		names = append(names, r.Name())
		whole.Actions = append(whole.Actions, plan.Actions...)
		for _, sight := range plan.Saw {
			if key := [2]string{sight.Account, sight.UniqueID}; !seen[key] {
				seen[key] = true
				whole.Saw = append(whole.Saw, sight)
			}
		}
	}
	whole.Restorer = strings.Join(names, "+")
	return whole, nil
}

// byAccount orders actions by account, and leaves each account's in their order.
func byAccount(actions []restore.Action) []restore.Action {
	slices.SortStableFunc(actions, func(a, b restore.Action) int { return strings.Compare(a.Account, b.Account) })
	return actions
}

// handsOff leaves to the administrator what the configuration lets nobody do from here.
func handsOff(actions []restore.Action, serving *field.Server) []restore.Action {
	if serving.Operates() {
		return actions
	}
	for i, a := range actions {
		if a.Act == restore.Reconstruct {
			actions[i].Act, actions[i].Why = restore.Keep, byHand+reconstructCommand(serving, a)+"; "+a.Why
		}
	}
	return actions
}

func reconstructCommand(serving *field.Server, a restore.Action) string {
	return serving.ByHand("reconstruct", mailboxname.Tool(a.Account, a.Mailbox))
}

// unreadable is what has to be rebuilt on the serving server before its mail can be
// restored.
func unreadable(scene restore.Scene, serving *field.Server) []restore.Action {
	var actions []restore.Action
	for _, f := range scene.Findings {
		if f.Kind != target.MailboxUnreadable || f.Server != serving.Name() || f.Mailbox == "" || !target.IsOwn(f.Mailbox) {
			continue
		}
		a := restore.Action{Act: restore.Keep, Account: f.Account, Mailbox: f.Mailbox}
		a.Why = byHand + reconstructCommand(serving, a)
		if serving.Operates() {
			a.Why = byHand + "apply --only rebuild-mailboxes"
		}
		a.Why += ", and plan anew; it cannot be opened: " + f.Evidence
		actions = append(actions, a)
	}
	return actions
}

// ByHand returns what a plan leaves to an administrator.
func ByHand(plan restore.Plan) []restore.Action {
	return slices.DeleteFunc(slices.Clone(plan.Actions), func(a restore.Action) bool {
		return a.Act != restore.Keep || !strings.HasPrefix(a.Why, byHand)
	})
}

// Work says how many actions of a plan do something.
func Work(plan restore.Plan) int { return len(plan.Actions) - plan.Count(restore.Keep) }

// errOnly is about a name that no restorer has.
var errOnly = errors.New("no such restorer")

// Restorers returns the restorers of these names.
func Restorers(names []string) ([]restore.Restorer, error) {
	var found []restore.Restorer
	for _, name := range names {
		r, ok := restore.ByName(name)
		if !ok {
			var known []string
			for _, r := range restore.All() {
				known = append(known, r.Name())
			}
			return nil, fmt.Errorf("%w: %q; known: %s", errOnly, name, strings.Join(known, ", "))
		}
		found = append(found, r)
	}
	return found, nil
}
