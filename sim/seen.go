package sim

import (
	"slices"
	"strings"
)

// seenState is what an account has seen of another's mailbox: its own \Seen, which
// Cyrus keeps apart from the index.
type seenState struct {
	lastUID uint32   // up to which it was told of messages
	uids    []uint32 // sorted

	lastRead, lastChange int64 // told by a master; the model has no use for them
}

func (s seenState) has(uid uint32) bool {
	_, seen := slices.BinarySearch(s.uids, uid)
	return seen
}

// with returns the state in which these messages have been seen, or have not.
func (s seenState) with(seen bool, uids ...uint32) seenState {
	changed := seenState{uids: sorted(uids)}
	kept := slices.DeleteFunc(slices.Clone(s.uids), changed.has)
	if seen {
		kept = append(kept, changed.uids...)
	}
	slices.Sort(kept)
	return seenState{lastUID: s.lastUID, uids: kept}
}

// owns says whether the session's user owns the mailbox: then \Seen and \Recent
// stand in its index.
func (s *session) owns(v *visit) bool { return v.entry.owner() == s.user }

// seen is what the session's user has seen of another's mailbox.
func (s *session) seen(v *visit) seenState { return s.disk.account(s.user).seen[v.folder.uniqueID] }

func (s *session) setSeen(v *visit, state seenState) {
	s.disk.account(s.user).seen[v.folder.uniqueID] = state
	s.log("SEEN", s.user, v.folder.uniqueID)
}

// tellRecent notes, as SELECT does, up to which message the user has been told of
// what is \Recent. It changes the index, though nothing that a modseq counts.
func (s *session) tellRecent(v *visit) {
	x, told := v.index(), v.index().recentUID
	if !s.owns(v) {
		told = s.seen(v).lastUID
	}
	news := false
	for i := len(x.records) - 1; i >= 0 && x.records[i].uid > told && !news; i-- {
		news = !x.records[i].expunged
	}
	if !news {
		return
	}
	if s.owns(v) {
		x.recentUID = x.lastUID
	} else {
		s.setSeen(v, seenState{lastUID: x.lastUID, uids: s.seen(v).uids})
	}
	v.changed = true
	v.leave()
}

// flagsOf are a record's flags as the user sees them.
func (s *session) flagsOf(v *visit, r record) []string {
	if s.owns(v) {
		return r.flags
	}
	flags := slices.DeleteFunc(slices.Clone(r.flags), isSeen)
	if s.seen(v).has(r.uid) {
		flags = append(flags, `\Seen`)
	}
	slices.Sort(flags)
	return flags
}

func isSeen(flag string) bool { return strings.EqualFold(flag, `\Seen`) }

// store changes flags of messages: those of the mailbox, and the user's own \Seen
// in a mailbox of others', which counts as a change of the message all the same.
func (s *session) store(v *visit, uids []uint32, add, remove []string) {
	var set, unset bool
	if !s.owns(v) {
		set, unset = slices.ContainsFunc(add, isSeen), slices.ContainsFunc(remove, isSeen)
		add, remove = slices.DeleteFunc(slices.Clone(add), isSeen), slices.DeleteFunc(slices.Clone(remove), isSeen)
	}
	add, remove = v.folder.flags(add), v.folder.flags(remove) // they are known from now on, also where no message is
	var changed []uint32
	for _, uid := range sorted(uids) {
		r := v.index().live(uid)
		if r == nil {
			continue
		}
		own := set && !s.seen(v).has(uid) || unset && s.seen(v).has(uid)
		if own {
			changed = append(changed, uid)
		}
		if !v.setFlags(*r, add, remove) && own && !s.pair.version.othersSeenUncounted {
			v.rewrite(*r)
		}
	}
	if len(changed) > 0 {
		s.setSeen(v, s.seen(v).with(set, changed...))
	}
}

// given returns the flags that messages get which the user puts into a mailbox: what
// the user's rights allow; \Seen needs none, and is the user's own in a mailbox of
// others'.
func (s *session) given(v *visit, flags []string) (kept []string, seen bool) {
	rights := v.entry.acl.rights(s.user, v.entry.owner())
	kept = permitted(slices.DeleteFunc(slices.Clone(flags), isSeen), rights)
	if seen = slices.ContainsFunc(flags, isSeen); seen && s.owns(v) {
		return append(kept, `\Seen`), false
	}
	return kept, seen
}
