package export

import "github.com/cyrdrill/cyrdrill/harness/plan"

// harms are the faults that damage a file of a mailbox.
var harms = map[string]act{
	"index-truncated":        {text: "cyrus.index", harm: "truncated", at: 64},
	"index-header-flipped":   {text: "cyrus.index", harm: "flipped", at: 31}, // the last byte of LAST_UID
	"index-zeroed":           {text: "cyrus.index", harm: "zeroed"},
	"index-deleted":          {text: "cyrus.index", harm: "removed"},
	"cache-truncated":        {text: "cyrus.cache", harm: "truncated", at: 4}, // behind its generation number
	"cache-deleted":          {text: "cyrus.cache", harm: "removed"},
	"mailbox-header-deleted": {text: "cyrus.header", harm: "removed"},
}

// onServers are the faults that take no choice.
var onServers = map[string][]act{
	"replication-stopped":   {{kind: actStopReplication}},
	"process-killed":        {{kind: actKill}},
	"disk-read-only":        {{kind: actReadOnly}},
	"sync-log-foreign-line": {{kind: actForeignLine}},
	"mailbox-list-emptied":  {{kind: actNameLists, harm: "emptied"}},
	"server-stopped":        {{kind: actHook, words: []string{hookStop}}},
	"server-restarted":      {{kind: actHook, words: []string{hookStop}}, {kind: actHook, words: []string{hookStart}}},
	"server-hung":           {{kind: actHook, words: []string{hookHang}}},
}

func (e *exporter) fault(s plan.Step) {
	f, pos := s.Fault, s.Fault.Names()[0].Pos
	if len(f.Any) > 0 {
		e.refuse(s.Pos, "a fault that is drawn from several")
		return
	}
	on, name := e.side(f.On), f.Name.Name
	acts, whole := onServers[name]
	for _, a := range acts {
		a.server = on
		e.add(a)
	}
	harm, harms := harms[name]
	switch {
	case whole:
	case harms:
		if e.allAreHurt(pos, f, name) {
			e.onInboxes(harm, on, e.accounts(f.Accounts))
		}
	case name == "sync-client-killed":
		e.add(act{kind: actKillSyncClient, server: on, count: max(1, f.Count)})
	case name == "sync-reset-wrong-side":
		if e.allAreHurt(pos, f, name) {
			for _, account := range e.accounts(f.Accounts) {
				e.add(act{kind: actTool, server: on, words: []string{"sync_reset", "-f", account}})
			}
		}
	default:
		e.refuse(pos, "the fault %q: no plain command does just that", name)
	}
}

func (e *exporter) accounts(named []string) []string {
	if len(named) == 0 {
		return e.plan.Accounts
	}
	return named
}

func (e *exporter) onInboxes(harm act, on int, accounts []string) {
	for _, account := range accounts {
		harm.kind, harm.server, harm.account = actHarm, on, account
		e.add(harm)
	}
}

// allAreHurt says whether nothing is left to cyrdrill's chance, and refuses what is.
func (e *exporter) allAreHurt(pos plan.Pos, f *plan.Fault, name string) bool {
	accounts := e.accounts(f.Accounts)
	if f.Count != len(accounts) {
		e.refuse(pos, "%s of %d of %d accounts' mailboxes: which ones is cyrdrill's chance; name as many accounts as are hurt", name, f.Count, len(accounts))
		return false
	}
	for _, account := range accounts {
		if e.elsewhere[account] {
			e.refuse(pos, "%s of one of several mailboxes of %s: which one is cyrdrill's chance", name, account)
			return false
		}
	}
	return true
}
