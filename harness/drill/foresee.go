package drill

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// foresee returns what a plan says that an account will be like: each of its actions
// done once, but for those that the report says were left. It is worked out from the plan
// and from what the rescued store had, by nothing that a restore uses. Of an account in
// which a mailbox is rebuilt it is not known.
func foresee(before, rescued map[string]target.Snapshot, planned restore.Plan, report restore.Report) (after map[string]target.Snapshot, known map[string]bool) {
	after, known = map[string]target.Snapshot{}, map[string]bool{}
	for account, snap := range before {
		after[account], known[account] = copied(snap), true
	}
	left := map[string]int{}
	for _, l := range report.Left {
		left[fmt.Sprintf("%+v", l.Action)]++
	}
	kept := map[string][]string{} // mailboxes, by account: they are there, and perhaps in no snapshot
	for _, a := range planned.Actions {
		if a.Act == restore.Keep {
			kept[a.Account] = append(kept[a.Account], a.Mailbox)
			continue
		}
		if key := fmt.Sprintf("%+v", a); left[key] > 0 {
			left[key]--
			continue
		}
		snap := after[a.Account]
		if !foreseen(&snap, rescued[a.Account], a, kept[a.Account]) {
			known[a.Account] = false
		}
		after[a.Account] = snap
	}
	return after, known
}

// copied is a snapshot that may be changed.
func copied(snap target.Snapshot) target.Snapshot {
	snap.Mailboxes = slices.Clone(snap.Mailboxes)
	for i := range snap.Mailboxes {
		snap.Mailboxes[i].Records = slices.Clone(snap.Mailboxes[i].Records)
		snap.Mailboxes[i].Annotations = maps.Clone(snap.Mailboxes[i].Annotations)
	}
	snap.Meta.Subscriptions, snap.Meta.Scripts = slices.Clone(snap.Meta.Subscriptions), slices.Clone(snap.Meta.Scripts)
	return snap
}

// foreseen does an action to a snapshot, and says whether it is known what it does. Kept are
// mailboxes that are there all the same where the snapshot lacks them: nobody can open them.
func foreseen(snap *target.Snapshot, rescued target.Snapshot, a restore.Action, kept []string) bool {
	box := &target.Mailbox{}
	for i := range snap.Mailboxes {
		if snap.Mailboxes[i].Name == a.Mailbox {
			box = &snap.Mailboxes[i]
		}
	}
	switch a.Act {
	case restore.Copy, restore.PutBack:
		flags := slices.Sorted(slices.Values(a.Flags))
		box.Records = append(box.Records, target.Record{GUID: a.GUID, Flags: flags, InternalDate: a.InternalDate})
	case restore.Expunge, restore.ExpungeDamaged, restore.Flag:
		foreseenMessage(box, a)
	case restore.Resync: // the replica alone is changed
	case restore.Remake:
		fillAbove(snap, a.Mailbox, kept)
		made, _ := rescued.Mailbox(a.From)
		snap.Mailboxes = append(snap.Mailboxes, target.Mailbox{Name: a.Mailbox, ACL: made.ACL, Annotations: maps.Clone(made.Annotations)})
	case restore.Create:
		fillAbove(snap, a.Mailbox, kept)
		acl, known := aclAbove(*snap, a.Mailbox)
		snap.Mailboxes = append(snap.Mailboxes, target.Mailbox{Name: a.Mailbox, ACL: acl})
		return known
	case restore.Rename:
		for i, m := range snap.Mailboxes {
			if m.Name == a.Mailbox || strings.HasPrefix(m.Name, a.Mailbox+"/") {
				snap.Mailboxes[i].Name = a.To + m.Name[len(a.Mailbox):]
			}
		}
	case restore.Delete:
		snap.Mailboxes = slices.DeleteFunc(snap.Mailboxes, func(m target.Mailbox) bool { return m.Name == a.Mailbox })
	case restore.Subscribe, restore.Unsubscribe:
		snap.Meta.Subscriptions = slices.DeleteFunc(snap.Meta.Subscriptions, func(name string) bool { return name == a.Mailbox })
		if a.Act == restore.Subscribe {
			snap.Meta.Subscriptions = append(snap.Meta.Subscriptions, a.Mailbox)
		}
	case restore.SetACL:
		box.ACL = withRights(box.ACL, a.Name, a.Value)
	case restore.SetAnnotation:
		if box.Annotations == nil {
			box.Annotations = map[string]string{}
		}
		box.Annotations[a.Name] = a.Value
		if a.Value == "" {
			delete(box.Annotations, a.Name)
		}
	case restore.SetQuota:
		snap.Meta.QuotaKiB, _ = strconv.ParseInt(a.Value, 10, 64) // a plan holds numbers there
	default:
		return foreseenScript(snap, a)
	}
	return true
}

// keptUIDs are the messages that are to have their UIDs again when a plan has been carried
// out, by account. Of an account in which some were given out meanwhile, or that were left,
// it is not known which.
func keptUIDs(planned restore.Plan, report restore.Report) map[string][]property.KeptUID {
	kept := map[string][]property.KeptUID{}
	for _, a := range planned.Actions {
		if a.Act == restore.PutBack {
			kept[a.Account] = append(kept[a.Account], property.KeptUID{Mailbox: a.Mailbox, UID: a.UID, GUID: a.GUID})
		}
	}
	for _, account := range report.Accounts {
		if account.Anew > 0 || len(account.Left) > 0 {
			delete(kept, account.Account)
		}
	}
	return kept
}

func foreseenMessage(box *target.Mailbox, a restore.Action) {
	for i, r := range box.Records {
		if r.UID != a.UID || r.GUID != a.GUID || r.Expunged {
			continue
		}
		box.Records[i].Expunged = a.Act != restore.Flag
		flags := slices.DeleteFunc(slices.Concat(r.Flags, a.Add), func(flag string) bool { return slices.Contains(a.Remove, flag) })
		slices.Sort(flags)
		box.Records[i].Flags = slices.Compact(flags)
	}
}

func foreseenScript(snap *target.Snapshot, a restore.Action) bool {
	at := slices.IndexFunc(snap.Meta.Scripts, func(s target.Script) bool { return s.Name == a.Name })
	switch a.Act {
	case restore.PutScript:
		if at < 0 {
			snap.Meta.Scripts = append(snap.Meta.Scripts, target.Script{Name: a.Name})
			at = len(snap.Meta.Scripts) - 1
		}
		snap.Meta.Scripts[at].GUID = a.GUID
	case restore.Activate:
		for i := range snap.Meta.Scripts {
			snap.Meta.Scripts[i].Active = i == at
		}
	case restore.DeleteScript:
		snap.Meta.Scripts = slices.Delete(snap.Meta.Scripts, at, at+1)
	default:
		return false
	}
	return true
}

// fillAbove adds the mailboxes above one that are not there: Cyrus makes them with it, with
// the ACL of the nearest above.
func fillAbove(snap *target.Snapshot, name string, kept []string) {
	for i, letter := range name {
		if _, there := snap.Mailbox(name[:i]); letter != '/' || there || slices.Contains(kept, name[:i]) {
			continue
		}
		if acl, known := aclAbove(*snap, name[:i]); known {
			snap.Mailboxes = append(snap.Mailboxes, target.Mailbox{Name: name[:i], ACL: acl})
		}
	}
}

// aclAbove is the ACL that a mailbox is made with: that of the nearest one above it. Where
// none above it is known, which may be there and not be opened, it is not known either.
func aclAbove(snap target.Snapshot, name string) (acl string, known bool) {
	for above := name; ; {
		cut := strings.LastIndexByte(above, '/')
		if cut < 0 {
			return "", false
		}
		above = above[:cut]
		if m, ok := snap.Mailbox(above); ok {
			return m.ACL, true
		}
	}
}

// withRights is an ACL in which an identifier has other rights.
func withRights(acl, identifier, rights string) string {
	var entries []string
	for entry := range strings.SplitSeq(acl, ", ") {
		if who, _, _ := strings.Cut(entry, " "); entry != "" && who != identifier {
			entries = append(entries, entry)
		}
	}
	if rights != "" {
		entries = append(entries, identifier+" "+rights)
	}
	slices.Sort(entries)
	return strings.Join(entries, ", ")
}
