package drill

import "fmt"

// Mark is a situation that a plan can promise to reach.
type Mark struct {
	Name string
	Doc  string // when it counts as reached
}

// The marks, by name.
const (
	MarkSyncClientFrozen    = "sync-client-frozen"
	MarkSyncLogGrowing      = "sync-log-growing"
	MarkReplicaBehind       = "replica-behind-at-death"
	MarkFreezeComplete      = "freeze-complete"
	MarkUIDsReused          = "uids-reused"
	MarkExpungedOnNewMaster = "expunged-on-new-master"
	MarkMissingMailFound    = "missing-mail-found"
	MarkExpungeFound        = "unreplicated-expunge-found"
	MarkMailCopied          = "mail-copied"
	MarkExpungeCarriedOver  = "expunge-carried-over"

	MarkStoppedReplicationFound = "stopped-replication-found"
	MarkMailboxesUnreadable     = "mailboxes-unreadable"
	MarkMailboxRebuilt          = "mailbox-rebuilt"
	MarkStaleScriptFound        = "stale-script-found"
	MarkStaleBytecodeFound      = "stale-bytecode-found"
	MarkDoubtfulFound           = "doubtful-case-found"
	MarkDoubtfulReported        = "doubtful-case-reported"
	MarkClientCachesReported    = "client-caches-reported"
	MarkClockMoved              = "clock-moved"
	MarkResynced                = "resynced"
	MarkRolesSwapped            = "roles-swapped"
	MarkHungServerFound         = "hung-server-found"
	MarkNothingFound            = "nothing-found"
	MarkRestoreKilled           = "restore-killed"
	MarkRivalRefused            = "rival-refused"
	MarkOutageAmidRestore       = "outage-amid-restore"
)

// Marks returns the catalogue, in the order of the documentation.
func Marks() []Mark {
	return []Mark{
		{MarkSyncClientFrozen, "sync_client was seen stopped by a signal"},
		{MarkSyncLogGrowing, "while it was, the master's sync log grew"},
		{MarkReplicaBehind, "when the master died, its index held changes that the replica's had not"},
		{MarkFreezeComplete, "the freeze held the index of both sides, the old master's read from the rescued store"},
		{MarkUIDsReused, "the new master gave a UID that the old one had given to another message"},
		{MarkExpungedOnNewMaster, "a user expunged on the new master what the rescued store still shows"},
		{MarkMissingMailFound, "a detector found a message that had never reached the replica"},
		{MarkExpungeFound, "a detector found an expunge that had never reached the replica"},
		{MarkMailCopied, "a restore brought back at least one message"},
		{MarkExpungeCarriedOver, "a restore carried over at least one expunge"},
		{MarkStoppedReplicationFound, "a detector found that replication had stopped"},
		{MarkMailboxesUnreadable, "at least five mailboxes could not be opened on the server that serves"},
		{MarkMailboxRebuilt, "a restore rebuilt the index of at least one mailbox"},
		{MarkStaleScriptFound, "a detector found a script that is not the one its user stored last"},
		{MarkStaleBytecodeFound, "a detector found bytecode that is not what the active script says"},
		{MarkDoubtfulFound, "a detector found a message of which nothing tells whether it was deleted or lost"},
		{MarkDoubtfulReported, "a restore left such a message where it was, and said so"},
		{MarkClientCachesReported, "a detector listed a mailbox whose clients' caches may be wrong"},
		{MarkClockMoved, "the servers' clocks were moved ahead by at least a day"},
		{MarkResynced, "the old master became a replica of the new one, and both were equal"},
		{MarkRolesSwapped, "the roles were swapped back in a planned way"},
		{MarkHungServerFound, "a detector found that a server accepts connections and answers none"},
		{MarkNothingFound, "detectors looked, and at the end none of them had found anything"},
		{MarkRestoreKilled, "a restore was killed amid its work, and went on"},
		{MarkRivalRefused, "a second restore was begun beside one at work, and refused"},
		{MarkOutageAmidRestore, "the server to which was restored died amid it, and came back"},
	}
}

// reach notes that a mark was reached, the first time that it is.
func (r *run) reach(name, format string, args ...any) {
	if _, done := r.reached[name]; done {
		return
	}
	mark := MarkResult{Name: name, Reached: true, Step: r.step, Evidence: fmt.Sprintf(format, args...)}
	r.reached[name] = mark
	r.emit(EventMark, false, "mark %s: %s", name, mark.Evidence)
}

// markResults lists the marks that the plan promised, in its order, and then
// those that were reached beyond them.
func (r *run) markResults() []MarkResult {
	marks := []MarkResult{}
	promised := map[string]bool{}
	for _, ref := range r.plan.Expect.Marks {
		promised[ref.Name] = true
		mark, ok := r.reached[ref.Name]
		if !ok {
			mark = MarkResult{Name: ref.Name}
		}
		marks = append(marks, mark)
	}
	for _, known := range Marks() {
		if mark, ok := r.reached[known.Name]; ok && !promised[known.Name] {
			marks = append(marks, mark)
		}
	}
	return marks
}
