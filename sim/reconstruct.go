package sim

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/canary"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/mailboxname"
)

// Reconstruct implements [target.Operator].
func (o operator) Reconstruct(ctx context.Context, name target.ServerName, account, mailbox string, how ...target.ReconstructOption) (string, error) {
	s := o.pair.server(name)
	if err := o.pair.takes(ctx, toolTime); err != nil {
		return "", err
	}
	if !s.up() {
		return "", fmt.Errorf("running cyrus reconstruct on %s: it is down", name)
	}
	e := s.disk.list.owned(account, mailbox)
	if e == nil {
		return "", fmt.Errorf("reconstructing %s of %s on %s: it found no such mailbox: %q", mailbox, account, name, "")
	}
	thorough := slices.Contains(how, target.CompareGUIDs)
	if slices.Contains(how, target.LookOnly) {
		v := s.visit(e)
		said := s.lookOver(e, func(r record) bool { return v.reads(r, thorough) })
		if said == "" {
			return "", fmt.Errorf("reconstructing %s of %s on %s: it found no such mailbox: %q", mailbox, account, name, said)
		}
		return said, nil
	}
	said, ended := s.reconstruct(e, thorough)
	o.pair.tracef("%s reconstructed %s", name, e.name)
	if !ended {
		return said, fmt.Errorf("reconstructing %s of %s on %s: it found no such mailbox: %q", mailbox, account, name, said)
	}
	return said + mailboxname.Tool(account, mailbox) + "\n", nil
}

// reconstruct rebuilds a mailbox's index from its message files, and says what
// it did. An index that cannot be opened is made anew: then flags and tombstones
// are gone, and UIDVALIDITY is another. What is only partly wrong costs the
// messages that are: they come back under new UIDs, or become tombstones. A
// thorough one reads every file (-G). It ends early at a file that it cannot read.
func (s *server) reconstruct(e *entry, thorough bool) (tells string, ended bool) {
	v := s.visit(e)
	v.refusal("reconstruct")
	if v.folder == nil {
		s.disk.folders.put(e.uniqueID, newFolder(e.uniqueID, e.uidValidity))
		v = s.visit(e)
		v.folder.index.state = indexGone
	}
	var said strings.Builder
	if v.index().state != indexWhole {
		fmt.Fprintf(&said, "%s: failed to read index header\n", e.name)
		v.folder.index, v.folder.headerGone = index{uidValidity: s.nextUIDValidity(v.account())}, false
		if s.pair.planted.Is(canary.UIDValidityKept) {
			v.folder.index.uidValidity = e.uidValidity
		}
		e.uidValidity = v.folder.index.uidValidity
		s.disk.list.rewrote(e)
		v.nextModSeq()
	}
	if v.future() {
		v.index().lastUID = v.index().records[len(v.index().records)-1].uid
		fmt.Fprintf(&said, "%s future uid %d found\n", e.name, v.index().lastUID)
		v.changed = true
	}
	found := slices.Sorted(maps.Keys(v.folder.files.at))
	compared := v.compareWithFiles(&said, thorough)
	discovered := compared.discovered
	if !compared.ended {
		v.leave()
		return said.String(), false
	}
	lastUID := v.index().lastUID
	for _, uid := range found {
		_, known := v.index().at(uid)
		if _, there := v.folder.files.at[uid]; there && !known && uid <= lastUID {
			discovered = append(discovered, uid)
		}
	}
	for _, uid := range found {
		if _, there := v.folder.files.at[uid]; there && uid > lastUID {
			fmt.Fprintf(&said, "%s uid %d found - adding\n", e.name, uid)
			v.adopt(uid, uid)
		}
	}
	slices.Sort(discovered)
	for _, uid := range slices.Compact(discovered) {
		fmt.Fprintf(&said, "%s uid %d rediscovered - appending\n", e.name, uid)
		v.adopt(uid, v.index().lastUID+1)
	}
	v.index().recalculate()
	if last := len(v.index().records) - 1; last >= 0 && s.pair.planted.Is(canary.LastUIDSetBack) {
		v.index().lastUID = v.index().records[last].uid
	}
	if compared.repack {
		v.repack()
	}
	v.leave()
	return said.String(), true
}

// lookOver is a reconstruct that is asked to change nothing. A record whose
// checksum does not hold is gone afterwards all the same, and with it the message,
// as long as nobody reconstructs in earnest. Of an index that cannot be opened
// nothing is said. It reads the files of some messages.
func (s *server) lookOver(e *entry, reads func(record) bool) string {
	v := s.visit(e)
	if v.folder == nil || v.index().state != indexWhole {
		return ""
	}
	var said strings.Builder
	x := v.index()
	for i := range x.records {
		if r := &x.records[i]; r.rotten && !r.expunged {
			x.ghosts++ // the header counts it still
		}
	}
	x.remove(func(r record) bool { return r.rotten })
	for _, r := range x.records {
		switch there := len(v.folder.files.at[r.uid].body) > 0; {
		case !there && !r.unlinked:
			fmt.Fprintf(&said, "%s uid %d not found\n", e.name, r.uid)
		case !there || !reads(r):
		case v.folder.files.at[r.uid].denied:
			return ""
		case v.folder.files.at[r.uid].sha1() != r.guid:
			v.tellMismatch(&said, r)
		}
	}
	for _, uid := range slices.Sorted(maps.Keys(v.folder.files.at)) {
		switch _, known := x.at(uid); {
		case known || len(v.folder.files.at[uid].body) == 0:
		case uid > x.lastUID:
			fmt.Fprintf(&said, "%s uid %d found - adding\n", e.name, uid)
		default:
			fmt.Fprintf(&said, "%s uid %d rediscovered - appending\n", e.name, uid)
		}
	}
	return said.String() + e.name + "\n"
}

// drop takes a record away whose file is gone. That counts as a change, of which
// nothing is left but its number: so the replica's copy is taken for one that was
// forgotten here.
func (v *visit) drop(r record) {
	x := v.index()
	x.deletedModSeq = max(x.deletedModSeq, v.nextModSeq())
	v.folder.files.remove(r.uid)
	x.remove(func(other record) bool { return other.uid == r.uid })
}

// adopt makes a message of a file, under a UID.
func (v *visit) adopt(found, uid uint32) {
	message := v.folder.files.at[found]
	v.folder.files.remove(found)
	adopted := newFile(message.body, message.date)
	v.addAs(uid, adopted, adopted, nil)
}

// Expire implements [target.Operator].
func (o operator) Expire(ctx context.Context, name target.ServerName) (string, error) {
	s := o.pair.server(name)
	if err := o.pair.takes(ctx, toolTime); err != nil {
		return "", err
	}
	if !s.up() {
		return "", fmt.Errorf("running cyrus expire on %s: it is down", name)
	}
	forgotten := 0
	for _, e := range slices.Clone(s.disk.list.entries) {
		switch {
		case e.kind == entryTombstone:
		case isDeletedName(e.name):
			s.remove(e)
		default:
			forgotten += s.visit(e).forget()
		}
	}
	s.pair.tracef("%s expired %d tombstones", name, forgotten)
	return fmt.Sprintf("expunged %d out of %d messages\n", forgotten, forgotten), nil
}

// forget drops a mailbox's tombstones, with their files.
func (v *visit) forget() int {
	if v.trouble() != "" || v.index().rotten() {
		return 0
	}
	x, forgotten := v.index(), 0
	x.remove(func(r record) bool {
		if r.expunged {
			x.deletedModSeq = max(x.deletedModSeq, r.modSeq)
			v.folder.files.remove(r.uid)
			forgotten++
		}
		return r.expunged
	})
	if forgotten > 0 {
		v.changed = true
		v.leave()
	}
	return forgotten
}
