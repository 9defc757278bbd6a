package salvage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/field"
	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/mailboxname"
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

// Plan gathers the evidence and plans a restore, a few accounts at a time: of the others
// no more is held than what is to be done. Nothing is changed on the servers.
func Plan(ctx context.Context, pair *field.Pair, options Options) (restore.Plan, error) {
	s := survey{pair: pair, options: options}
	if err := s.prepare(ctx); err != nil {
		return restore.Plan{}, err
	}
	kept, err := s.evidence(ctx)
	if err != nil {
		return restore.Plan{}, err
	}
	if kept != nil {
		defer kept.Close() // it was only read
	}
	plan, err := s.plan(ctx, kept)
	if err != nil {
		return restore.Plan{}, err
	}
	plan.Actions = byAccount(append(handsOff(plan.Actions, s.serving), s.of.byHand...))
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

// planAll has each restorer plan, in their order.
func planAll(ctx context.Context, scene restore.Scene, restorers []restore.Restorer) (restore.Plan, error) {
	var whole restore.Plan
	seen := map[[2]string]bool{}
	for _, r := range restorers {
		plan, err := r.Plan(ctx, scene)
		if err != nil {
			return whole, err
		}
		whole.Actions = append(whole.Actions, plan.Actions...)
		for _, sight := range plan.Saw {
			if key := [2]string{sight.Account, sight.UniqueID}; !seen[key] {
				seen[key] = true
				whole.Saw = append(whole.Saw, sight)
			}
		}
	}
	whole.Restorer = restorersOf(restorers)
	return whole, nil
}

// restorersOf names restorers that plan together.
func restorersOf(restorers []restore.Restorer) string {
	names := make([]string, len(restorers))
	for i, r := range restorers {
		names[i] = r.Name()
	}
	return strings.Join(names, "+")
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
