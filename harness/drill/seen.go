package drill

import (
	"cmp"
	"maps"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/restore/outside"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// seen is what a tool has done, by what the serving server had before and after: as a
// plan and a report like those of the project's own restorers. Of what the tool says only
// its doubts and what it left undone are taken: properties hold the former against the
// freeze.
func seen(tool string, before, after map[string]target.Snapshot, said outside.Said) (restore.Plan, restore.Report) {
	planned, report := restore.Plan{Restorer: tool, Actions: []restore.Action{}}, restore.Report{Restorer: tool, Left: said.Left}
	for _, account := range slices.Sorted(maps.Keys(after)) {
		planned.Actions = append(planned.Actions, changesOf(before[account], after[account])...)
	}
	for _, a := range planned.Actions {
		switch a.Act {
		case restore.Copy:
			report.Copied++
		case restore.Expunge:
			report.Expunged++
		default:
			if report.Changed == nil {
				report.Changed = map[restore.Act]int{}
			}
			report.Changed[a.Act]++
		}
	}
	for _, doubt := range said.Doubtful {
		report.Doubtful++
		i := slices.IndexFunc(planned.Actions, func(a restore.Action) bool {
			return a.Act == restore.Copy && !a.Doubtful && a.Account == doubt.Account && a.Mailbox == doubt.Mailbox && a.GUID == doubt.GUID
		})
		if i >= 0 {
			planned.Actions[i].Doubtful, planned.Actions[i].UID = true, doubt.UID
			continue
		}
		report.Kept++
		planned.Actions = append(planned.Actions, doubt)
	}
	return planned, report
}

const seenWhy = "seen by comparing what was there before and after"

// changesOf are the changes of one account.
func changesOf(before, after target.Snapshot) []restore.Action {
	var actions []restore.Action
	add := func(a restore.Action) {
		a.Account, a.Why = after.Account, seenWhy
		actions = append(actions, a)
	}
	had := map[string]target.Mailbox{} // by unique ID
	for _, m := range before.Mailboxes {
		had[m.UniqueID] = m
	}
	for _, m := range after.Mailboxes {
		old, was := had[m.UniqueID]
		delete(had, m.UniqueID)
		switch {
		case !was:
			add(restore.Action{Act: restore.Create, Mailbox: m.Name})
		case old.Name != m.Name:
			add(restore.Action{Act: restore.Rename, Mailbox: old.Name, To: m.Name})
		}
		changesIn(old, m, add)
	}
	for _, id := range slices.SortedFunc(maps.Keys(had), func(a, b string) int { return cmp.Compare(had[a].Name, had[b].Name) }) {
		add(restore.Action{Act: restore.Delete, Mailbox: had[id].Name})
	}
	scriptChanges(before.Meta, after.Meta, add)
	return actions
}

// changesIn are the changes of a mailbox's messages. Under another UIDVALIDITY the same
// UID is another message, so there only bytes tell which is which.
func changesIn(before, after target.Mailbox, add func(restore.Action)) {
	type message struct {
		uid  uint32
		guid string
	}
	key := func(r target.Record) message {
		if before.UIDValidity != after.UIDValidity {
			return message{guid: r.GUID}
		}
		return message{r.UID, r.GUID}
	}
	had := map[message][]target.Record{}
	for _, r := range before.Live() {
		had[key(r)] = append(had[key(r)], r)
	}
	for _, r := range after.Live() {
		k := key(r)
		if len(had[k]) == 0 {
			add(restore.Action{Act: restore.Copy, Mailbox: after.Name, UID: r.UID, GUID: r.GUID, Size: r.Size, Flags: r.Flags, InternalDate: r.InternalDate})
			continue
		}
		old := had[k][0]
		had[k] = had[k][1:]
		if more, less := without(r.Flags, old.Flags), without(old.Flags, r.Flags); len(more)+len(less) > 0 {
			add(restore.Action{Act: restore.Flag, Mailbox: after.Name, UID: r.UID, GUID: r.GUID, Add: more, Remove: less})
		}
	}
	for _, r := range before.Live() {
		if gone := had[key(r)]; len(gone) > 0 {
			had[key(r)] = gone[1:]
			add(restore.Action{Act: restore.Expunge, Mailbox: after.Name, UID: gone[0].UID, GUID: r.GUID})
		}
	}
}

func without(flags, others []string) []string {
	return slices.DeleteFunc(slices.Clone(flags), func(flag string) bool { return slices.Contains(others, flag) })
}

func scriptChanges(before, after target.Meta, add func(restore.Action)) {
	had := map[string]target.Script{}
	for _, s := range before.Scripts {
		had[s.Name] = s
	}
	for _, s := range after.Scripts {
		old := had[s.Name]
		delete(had, s.Name)
		if old.GUID != s.GUID {
			add(restore.Action{Act: restore.PutScript, Name: s.Name, GUID: s.GUID})
		}
		if s.Active && !old.Active {
			add(restore.Action{Act: restore.Activate, Name: s.Name})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(had)) {
		add(restore.Action{Act: restore.DeleteScript, Name: name})
	}
}
