package property

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Convergence is property 10: both servers have the same, and replication goes
// on.
type Convergence struct{}

// Number implements [Property].
func (Convergence) Number() int { return 10 }

// Name implements [Property].
func (Convergence) Name() string { return "convergence" }

// Doc implements [Property].
func (Convergence) Doc() string {
	return "both servers are equal to the body, and a new message on the master arrives on the replica"
}

// Exclusion is a difference between two servers that does no harm.
type Exclusion struct {
	Doc     string
	Applies func(target.Difference) bool
}

// Exclusions is the whole list of differences that convergence overlooks.
func Exclusions() []Exclusion {
	return []Exclusion{
		{
			Doc: "a tombstone that only one side still has: each side's cyr_expire runs by its own clock",
			Applies: func(d target.Difference) bool {
				return d.UID != 0 && d.Field == "" && (isTombstone(d.A) || isTombstone(d.B))
			},
		},
	}
}

// isTombstone reads what [target.Diff] says of a record on one side only.
func isTombstone(described string) bool { return strings.HasPrefix(described, "tombstone ") }

// shownDifferences is how many differences of one account are violations of
// their own.
const shownDifferences = 20

// Check implements [Property].
func (p Convergence) Check(scene Scene) Result {
	result := Result{Number: p.Number(), Name: p.Name()}
	a, b := scene.Sides[0], scene.Sides[1]
	if a == nil || b == nil {
		result.unknown("there is no replica that was read")
		return result.conclude()
	}
	accounts := map[string]bool{}
	for _, side := range scene.Sides {
		for _, names := range []func(func(string) bool){maps.Keys(side.Accounts), maps.Keys(side.Failed)} {
			for name := range names {
				accounts[name] = true
			}
		}
	}
	for _, account := range slices.Sorted(maps.Keys(accounts)) {
		checkSides(&result, a, b, account)
	}
	if len(scene.Crossings) == 0 {
		result.unknown("no message was sent across")
	}
	for _, crossing := range scene.Crossings {
		checkCrossing(&result, crossing, scene.Mail.Server)
	}
	return result.conclude()
}

func checkSides(result *Result, a, b *SideState, account string) {
	snapA, okA := a.Accounts[account]
	snapB, okB := b.Accounts[account]
	if !okA || !okB {
		for _, side := range []*SideState{a, b} {
			result.told(target.Place{Server: side.Server, Account: account}, "it cannot be read to the body", side.Failed[account])
		}
		if a.Failed[account] == nil && b.Failed[account] == nil {
			result.unknown("account %s: one side was not read", account)
		}
		return
	}
	result.Checked++
	diffs := slices.DeleteFunc(target.Diff(snapA, snapB), IsExcluded)
	for i, d := range diffs {
		at := target.Place{Server: b.Server, Account: account, Mailbox: d.Mailbox, UID: d.UID}
		if i == shownDifferences {
			result.violateAt(target.Place{Server: b.Server, Account: account}, "", "there are %d more differences from %s", len(diffs)-i, a.Server)
			break
		}
		what := d.Field
		if what == "" {
			what = "it"
		}
		result.violateAt(at, "", "%s is %s on %s and %s on %s", what, orNone(d.A), a.Server, orNone(d.B), b.Server)
	}
}

// IsExcluded says whether any of the [Exclusions] overlooks a difference.
func IsExcluded(d target.Difference) bool {
	return slices.ContainsFunc(Exclusions(), func(e Exclusion) bool { return e.Applies(d) })
}

func orNone(value string) string {
	if value == "" {
		return "none"
	}
	return value
}

func checkCrossing(result *Result, crossing Crossing, master target.ServerName) {
	at := target.Place{Server: master, Account: crossing.Account}
	var late *target.TimeoutError
	switch {
	case errors.As(crossing.Err, &late):
		result.Checked++
		result.violateAt(at, "", "replication does not go on: %s", late)
	case result.told(at, "a message cannot be sent across", crossing.Err):
		result.Checked++
	}
}
