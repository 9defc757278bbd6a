package explore

import (
	"slices"
	"sync"

	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/traffic"
)

// harm is one kind of damage that a fault may do.
type harm struct {
	kind target.Kind
	peer bool // on the other server than the one that the fault is injected on
}

// harms returns what each fault may make wrong, by its name: the kinds of damage that
// it declares once it has been injected. That no fault declares others is tested, for
// all of them, on each side. The table is made once, and never changed.
var harms = sync.OnceValue(harmTable)

func harmTable() map[string][]harm {
	here := func(kinds ...target.Kind) (all []harm) {
		for _, kind := range kinds {
			all = append(all, harm{kind: kind})
		}
		return all
	}
	there := func(kinds ...target.Kind) (all []harm) {
		for _, kind := range kinds {
			all = append(all, harm{kind: kind, peer: true})
		}
		return all
	}
	// What the replica lacks when nothing is sent to it any more.
	unsent := []target.Kind{target.ReplicaBehind, target.MessageMissing, target.ExpungeMissing}
	stopped := slices.Concat(here(target.ReplicationStopped), there(unsent...))
	unreadable := here(target.MailboxUnreadable)
	spoilt := here(target.BodyDiffers)
	return map[string][]harm{
		"replication-stopped":     stopped,
		"replication-lost":        stopped,
		"sync-client-killed":      here(target.ProcessCrashed),
		"sync-client-given-up":    slices.Concat(stopped, here(target.ProcessCrashed)),
		"sync-log-truncated":      there(target.MessageMissing),
		"sync-log-foreign-line":   nil,
		"channel-stuck":           slices.Concat(stopped, unreadable),
		"replica-lagging":         there(target.ReplicaBehind),
		"network-cut":             slices.Concat(stopped, there(target.ReplicationStopped), here(unsent...)),
		"network-slow":            slices.Concat(here(target.ReplicaBehind), there(target.ReplicaBehind)),
		"network-narrow":          slices.Concat(here(target.ReplicaBehind), there(target.ReplicaBehind)),
		"network-lossy":           slices.Concat(here(target.ReplicaBehind), there(target.ReplicaBehind)),
		"sync-port-garbled":       slices.Concat(there(target.ReplicationStopped), here(unsent...)),
		"index-record-damaged":    slices.Concat(unreadable, stopped),
		"index-record-wiped":      here(target.MessageMissing, target.StrayFile),
		"index-truncated":         unreadable,
		"index-header-flipped":    unreadable,
		"index-zeroed":            unreadable,
		"index-deleted":           unreadable,
		"cache-truncated":         here(target.DataFileDamaged),
		"cache-deleted":           here(target.DataFileDamaged),
		"mailbox-header-deleted":  here(target.MailboxUnreadable, target.DataFileDamaged),
		"mailbox-folder-lost":     unreadable,
		"mailbox-entry-lost":      here(target.MailboxMissing, target.AccountMissing),
		"mailbox-list-truncated":  here(target.AccountMissing, target.MailboxMissing),
		"mailbox-list-emptied":    here(target.AccountMissing, target.MailboxMissing),
		"conversations-truncated": here(target.DataFileDamaged),
		"conversations-deleted":   here(target.DataFileDamaged),
		"seen-truncated":          here(target.DataFileDamaged, target.MailboxUnreadable),
		"seen-deleted":            here(target.SeenDiffers),

		"subscription-lost":    here(target.SubscriptionDiffers),
		"quota-root-wrong":     here(target.QuotaRootDiffers, target.QuotaDiffers),
		"quota-changed":        here(target.QuotaDiffers),
		"acl-changed":          here(target.ACLDiffers),
		"annotation-lost":      here(target.AnnotationsDiffer),
		"keyword-lost":         here(target.FlagsDiffer),
		"flags-changed":        here(target.FlagsDiffer),
		"internaldate-changed": here(target.DateDiffers),
		"modseq-changed":       here(target.ModSeqDiffers),
		"guids-swapped":        here(target.GUIDDiffers, target.BodyDiffers),
		"tombstone-lost":       here(target.TombstoneMissing, target.StrayFile),
		"last-uid-low":         here(target.LastUIDDiffers),

		"message-file-missing":     spoilt,
		"message-file-emptied":     spoilt,
		"message-file-truncated":   spoilt,
		"message-file-flipped":     spoilt,
		"message-files-swapped":    spoilt,
		"stray-message-file":       here(target.StrayFile),
		"message-file-owner-wrong": here(target.BodyDiffers, target.FileInaccessible),
		"message-file-mode-wrong":  here(target.BodyDiffers, target.FileInaccessible),

		"script-stale":            here(target.ScriptStale),
		"compiled-script-stale":   here(target.CompiledScriptStale),
		"compiled-script-missing": here(target.CompiledScriptMissing),
		"compiled-script-older":   here(target.CompiledScriptStale),
		"active-link-missing":     here(target.CompiledScriptMissing),
		"script-missing":          here(target.ScriptStale),
		"script-empty":            here(target.ScriptStale),
		"other-script-active":     here(target.ScriptDiffers),
		"script-deactivated":      here(target.ScriptDiffers),
		"script-deleted":          here(target.ScriptDiffers),

		"process-killed":          here(target.ServerDown),
		"server-hung":             here(target.ServerHung),
		"server-stopped":          here(target.ServerDown),
		"server-restarted":        here(target.ServerDown),
		"disk-full":               here(target.DiskFull),
		"disk-read-only":          here(target.DiskReadOnly),
		"clock-ahead":             here(target.ClockWrong),
		"clock-behind":            here(target.ClockWrong),
		"out-of-memory":           here(target.ProcessCrashed),
		"killed-amid-appends":     here(target.ServerDown),
		"killed-amid-sync":        slices.Concat(here(target.ServerDown), here(unsent...), there(unsent...)),
		"killed-amid-reconstruct": here(target.ServerDown, target.MailboxUnreadable),
		"power-lost":              here(target.ServerDown),

		"split-brain": slices.Concat(stopped, here(target.GUIDDiffers, target.MessageMissing),
			there(target.ReplicationStopped, target.GUIDDiffers)),
		"hasty-failover":         slices.Concat(here(target.ServerDown), there(unsent...)),
		"sync-reset-wrong-side":  slices.Concat(here(target.AccountMissing), there(target.AccountMissing)),
		"reconstruct-wrong-side": slices.Concat(here(target.MessageLost), there(target.MessageLost)),
		"old-backup-restored":    here(target.MessageMissing),
		"two-restores":           here(target.MessageDoubled),
	}
}

// passing are the faults that are over once they have happened: replication goes on by
// itself, and both servers come to be equal.
func passing() []string {
	return []string{
		"sync-client-killed", "sync-log-foreign-line", "replica-lagging",
		"server-restarted", "out-of-memory", "stray-message-file", "cache-truncated", "cache-deleted",
	}
}

// changes says whether a fault, beside what it breaks, changes anything that would have
// to be replicated, or keeps changes from it.
func changes(fault string) bool {
	switch fault {
	case "killed-amid-appends", "killed-amid-sync", "disk-full", "disk-read-only":
		return true
	}
	return slices.ContainsFunc(harms()[fault], func(h harm) bool { return !ofFiles(h.kind) || h.kind == target.ReplicationStopped })
}

// breaks returns the properties that damage of a kind may break while it is live on the
// server that serves. Damage that says nothing of what users have breaks none.
func breaks(kind target.Kind) []property.Property {
	switch kind {
	case target.MessageMissing, target.MessageLost:
		return []property.Property{property.NoLoss{}, property.StateKept{}, property.Access{}, property.IMAPPromises{}, property.RulesCurrent{}}
	case target.BodyDiffers, target.FileInaccessible: // or a message's file is another one's
		return []property.Property{property.NoLoss{}, property.Access{}, property.StateKept{}, property.IMAPPromises{}, property.NoResurrection{}, property.NoDoubles{}}
	case target.GUIDDiffers:
		return []property.Property{property.NoLoss{}, property.NoDoubles{}, property.NoResurrection{}, property.Access{}, property.StateKept{}, property.IMAPPromises{}}
	case target.MailboxMissing, target.AccountMissing: // and whoever logs in is made a new INBOX, who restores among them
		return append(losable(), property.Repeatable{})
	case target.MailboxUnreadable, target.ServerDown, target.ServerHung, target.LastUIDDiffers:
		return losable()
	case target.ExpungeMissing:
		return []property.Property{property.NoResurrection{}, property.NoDoubles{}, property.StateKept{}, property.IMAPPromises{}}
	case target.FlagsDiffer, target.DateDiffers, target.QuotaDiffers, target.QuotaRootDiffers, target.AnnotationsDiffer, target.SubscriptionDiffers:
		return []property.Property{property.StateKept{}}
	case target.ACLDiffers:
		return []property.Property{property.StateKept{}, property.Isolation{}}
	case target.ModSeqDiffers: // what has the higher one is taken for the newer
		return []property.Property{property.IMAPPromises{}, property.StateKept{}}
	case target.TombstoneMissing: // and if it was not replicated, the replica's copy comes back
		return []property.Property{property.IMAPPromises{}, property.NoResurrection{}}
	case target.ScriptDiffers, target.ScriptStale, target.CompiledScriptStale, target.CompiledScriptMissing:
		return []property.Property{property.RulesCurrent{}}
	case target.ReplicaBehind: // and so an old state
		return []property.Property{
			property.NoLoss{}, property.NoResurrection{}, property.NoDoubles{}, property.StateKept{}, property.RulesCurrent{}, property.Access{},
		}
	case target.MessageDoubled: // neither of the two has the flags and the date of the one that there was
		return []property.Property{property.NoDoubles{}, property.NoResurrection{}, property.StateKept{}}
	case target.DiskFull, target.DiskReadOnly:
		return []property.Property{property.RulesCurrent{}, property.Access{}, property.StateKept{}}
	default:
		return nil
	}
}

// untold says whether a fault lets what is lost be told of otherwise than by the message
// that it was: detectors cannot look at both sides, or what is damaged is no more, and
// other messages with its bytes are, or the index was made anew in part, and of the rest
// there is but a file in the spool.
func untold(fault string) bool {
	switch fault {
	case "sync-port-garbled", "message-files-swapped", "two-restores", "killed-amid-reconstruct":
		return true
	}
	return false
}

// tidied says whether damage of a kind leaves bytecode of no script, which Cyrus removes
// as soon as anybody asks it for the account: then the look changes what it looks at, and
// that is no detector's doing.
func tidied(kind target.Kind) bool {
	switch kind {
	case target.ScriptDiffers, target.ScriptStale, target.AccountMissing, target.MailboxMissing:
		return true
	}
	return false
}

// unreached are the faults that no drill can inject, since no user of a plan does what
// they undo: nobody looks at others' mail.
func unreached() []string { return []string{"seen-truncated", "seen-deleted"} }

// wants returns the operation by which users come to have what a fault takes away; empty
// where they have it anyhow.
func wants(fault string) traffic.Op {
	switch fault {
	case "quota-changed":
		return traffic.OpSetQuota
	case "subscription-lost":
		return traffic.OpSubscribe
	case "annotation-lost":
		return traffic.OpSetAnnotation
	case "tombstone-lost":
		return traffic.OpExpunge
	case "keyword-lost":
		return traffic.OpAppend
	}
	return ""
}

// losable are the properties about what users were promised of their own.
func losable() []property.Property {
	return []property.Property{
		property.NoLoss{}, property.NoResurrection{}, property.NoDoubles{}, property.StateKept{}, property.RulesCurrent{},
		property.IMAPPromises{}, property.Access{}, property.Isolation{},
	}
}

// ofFiles says whether damage lies in files alone that a restore does not take for what
// users wanted: it copies a message only with the digest that its index recorded, and it
// opens no mailbox that cannot be opened.
func ofFiles(kind target.Kind) bool {
	switch kind {
	case target.BodyDiffers, target.FileInaccessible, target.StrayFile, target.DataFileDamaged, target.MailboxUnreadable,
		target.ServerDown, target.ServerHung, target.ProcessCrashed, target.ReplicationStopped, target.ClockWrong, target.CompiledScriptStale, target.CompiledScriptMissing:
		return true
	}
	return false
}

// ofBytecode says whether damage does not show in the index: that what runs is not what is
// shown somebody has to look for.
func ofBytecode(kind target.Kind) bool {
	return kind == target.ScriptStale || kind == target.CompiledScriptStale || kind == target.CompiledScriptMissing
}

// mended says whether the restorers put right damage of a kind that the promoted replica
// had at the freeze, where the old master has it right.
func mended(kind target.Kind) bool {
	switch kind {
	case target.MessageMissing, target.ExpungeMissing, target.FlagsDiffer, target.ACLDiffers, target.AnnotationsDiffer, target.QuotaDiffers,
		target.SubscriptionDiffers, target.ScriptDiffers, target.ScriptStale, target.CompiledScriptStale, target.CompiledScriptMissing, target.ReplicaBehind:
		return true
	}
	return false
}
