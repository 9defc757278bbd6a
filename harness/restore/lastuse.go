package restore

import (
	"slices"
	"time"
)

// LastUse returns when each account was last seen to be used, as far as the freeze
// tells: the date of the newest message that its user has seen, on either side. Who has
// never seen one is not in it.
func LastUse(freeze *Freeze) map[string]time.Time {
	used := map[string]time.Time{}
	for _, side := range freeze.Sides {
		for account, snap := range side.Accounts {
			for i := range snap.Mailboxes {
				for _, r := range snap.Mailboxes[i].Records {
					if slices.Contains(r.Flags, `\Seen`) && r.InternalDate.After(used[account]) {
						used[account] = r.InternalDate
					}
				}
			}
		}
	}
	return used
}
