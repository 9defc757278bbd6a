package sim

import "slices"

// tidyScripts does what GET USER does before it ends: it removes from the account's
// script directory whatever belongs to no script (sync_get_user, 3.6.1 and 3.10.2).
//
// Cyrus keeps the first place of its list of scripts for the active one, with a NULL
// until that comes. But a list that holds NULL alone is empty to it, so that the first
// script takes the place, and the active one, if it was stored later, then takes the
// first one's: whose bytecode belongs to no script any more, and goes.
func (s *server) tidyScripts(account string) {
	a, ok := s.disk.accounts[account]
	if !ok || s.pair.version.scriptsApart || len(a.bytecode) == 0 && a.defaultScript == "" || s.disk.list.owned(account, inbox) == nil {
		return
	}
	kept := a.listedScripts()
	if list := s.disk.scriptList(account); list != nil {
		kept = list.keptScripts()
	}
	for name := range a.bytecode {
		if !slices.Contains(kept, name) {
			delete(a.bytecode, name)
		}
	}
	if len(kept) == 0 || a.defaultScript != kept[0] {
		a.defaultScript = ""
	}
}

// listedScripts returns the names of an account's scripts, the active one first, as its
// list has them: that is a database of its own, which is found by the INBOX alone, so that
// nothing is lost with the entry of the mailbox that holds the sources.
func (a *accountState) listedScripts() []string {
	var names []string
	for _, listed := range a.scriptList {
		if listed.name == a.defaultScript {
			names = slices.Insert(names, 0, listed.name)
		} else {
			names = append(names, listed.name)
		}
	}
	return names
}

// keptScripts returns the names of scripts as Cyrus lists them to see whose bytecode may
// stay.
func (l *scriptList) keptScripts() []string {
	if l.kept == nil {
		l.kept = l.account.keptOf(l.stored)
	}
	return l.kept
}

func (a *accountState) keptOf(stored []storedScript) []string {
	row := func(s storedScript) int { return slices.Index(a.scriptRows, a.scriptList[s.record.uid].id) }
	inOrder := slices.SortedFunc(slices.Values(stored), func(one, other storedScript) int { return row(one) - row(other) })
	var kept []string
	for _, script := range inOrder {
		if script.record.has(`\Flagged`) && len(kept) > 0 {
			kept[0] = script.name
		} else {
			kept = append(kept, script.name)
		}
	}
	return kept
}
