package restore

import (
	"maps"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Names returns the accounts of which the freeze holds an index, sorted.
func (f *Freeze) Names() []string {
	named := map[string]bool{}
	for _, side := range f.Sides {
		for account := range side.Accounts {
			named[account] = true
		}
	}
	return slices.Sorted(maps.Keys(named))
}

// Add adds what a freeze of the same two servers, taken apart, holds of these accounts.
func (f *Freeze) Add(part *Freeze, accounts []string) {
	if f.Sides == nil {
		f.TakenAt, f.Sides = part.TakenAt, map[target.ServerName]*FrozenSide{}
	}
	for name, side := range part.Sides {
		whole := f.Sides[name]
		if whole == nil {
			bare := *side
			bare.NoMeta, bare.Accounts, bare.Unreadable, bare.Rebuilt = nil, map[string]target.Snapshot{}, map[string][]string{}, map[string][]string{}
			whole = &bare
			f.Sides[name] = whole
		}
		for _, account := range accounts {
			if snap, there := side.Accounts[account]; there {
				whole.Accounts[account], whole.Unreadable[account], whole.Rebuilt[account] = snap, side.Unreadable[account], side.Rebuilt[account]
			}
			if slices.Contains(side.NoMeta, account) {
				whole.NoMeta = append(whole.NoMeta, account)
			}
		}
	}
}
