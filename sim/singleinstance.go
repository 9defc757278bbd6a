package sim

import (
	"cmp"
	"slices"
)

// singleInstance returns the file that a message gets which is appended or delivered.
// Cyrus stores no message twice in an account: it looks for the GUID in
// conversations.db, and links the new message to the file of the one that it finds first
// (append_fromstage_full). As long as that file is what is recorded of it, this comes to
// the same as a file of its own.
func (v *visit) singleInstance(own file) file {
	guid := own.sha1()
	if !v.server.disk.harmed[guid] || !v.server.pair.version.linksUnchecked {
		return own
	}
	a := v.account()
	if a.conversationsLost || a.strayed[guid] {
		return own
	}
	held := slices.Clone(v.server.disk.list.ofAccount(ownerOf(v.entry.name)))
	slices.SortStableFunc(held, func(one, other *entry) int { return cmp.Compare(one.createdModSeq, other.createdModSeq) })
	for _, e := range held {
		f := v.server.disk.folder(e)
		if f == nil || isDeletedName(e.name) {
			continue
		}
		for _, r := range f.index.records {
			there, ok := f.files.at[r.uid]
			if r.guid != guid || r.unlinked || !ok || there.denied {
				continue
			}
			there.date = own.date
			return there
		}
	}
	return own
}
