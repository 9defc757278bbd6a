package salvage

import (
	"context"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/field"
	"github.com/cyrdrill/cyrdrill/harness/restore"
)

// NeverHad looks, when a plan has been carried out, for messages that its accounts have on
// the rescued server and have never had on the serving one, and of which the plan says
// nothing: whatever was decided, a message that nobody has decided about is not to be
// forgotten. Nothing is changed. Of a plan that copies no messages there is nothing to say.
func NeverHad(ctx context.Context, pair *field.Pair, plan restore.Plan) ([]restore.Unsafe, error) {
	if !slices.ContainsFunc([]string{"everything", "copy-"}, func(part string) bool { return strings.Contains(plan.Restorer, part) }) {
		return nil, nil
	}
	handsOff := ByHand(plan)
	var names []string
	told := map[[2]string]bool{} // accounts and GUIDs
	for _, a := range plan.Actions {
		names = append(names, a.Account)
		told[[2]string{a.Account, a.GUID}] = true
	}
	slices.Sort(names)
	names = slices.DeleteFunc(slices.Compact(names), func(name string) bool { // nobody has looked into these
		return slices.ContainsFunc(handsOff, func(a restore.Action) bool { return a.Account == name })
	})
	unsaved, err := restore.Unsaved(ctx, few{}, pair.Servers[0], pair.Servers[1], names)
	return slices.DeleteFunc(unsaved, func(u restore.Unsafe) bool { return u.GUID != "" && told[[2]string{u.Account, u.GUID}] }), err
}
