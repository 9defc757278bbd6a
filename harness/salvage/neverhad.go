package salvage

import (
	"context"
	"maps"
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
	undecided := map[string]bool{} // nobody has looked into these
	for _, a := range ByHand(plan) {
		undecided[a.Account] = true
	}
	of := map[string][]int{} // actions by account
	for i, a := range plan.Actions {
		if !undecided[a.Account] {
			of[a.Account] = append(of[a.Account], i)
		}
	}
	var forgotten []restore.Unsafe
	for some := range slices.Chunk(slices.Sorted(maps.Keys(of)), readAtOnce) {
		unsaved, err := restore.Unsaved(ctx, few{}, pair.Servers[0], pair.Servers[1], some)
		if err != nil {
			return nil, err
		}
		told := map[[2]string]bool{} // accounts and GUIDs
		for _, account := range some {
			for _, i := range of[account] {
				told[[2]string{account, plan.Actions[i].GUID}] = true
			}
		}
		forgotten = append(forgotten, slices.DeleteFunc(unsaved, func(u restore.Unsafe) bool { return u.GUID != "" && told[[2]string{u.Account, u.GUID}] })...)
	}
	return forgotten, nil
}
