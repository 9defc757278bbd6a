package sim

import (
	"fmt"
	"slices"
	"strings"
)

// comparison is what came of holding an index against its files.
type comparison struct {
	discovered []uint32 // UIDs of files whose records could not be used
	repack     bool     // index and cache have to be written anew
	ended      bool     // no file was in the way
}

// compareWithFiles holds each record against its file. It ends early at a file that
// it has to read and may not.
func (v *visit) compareWithFiles(said *strings.Builder, thorough bool) (found comparison) {
	x := v.index()
	for _, r := range slices.Clone(x.records) {
		message := v.folder.files.at[r.uid]
		there := len(message.body) > 0
		switch {
		case r.rotten:
			v.changed = true
			x.remove(func(other record) bool { return other.uid == r.uid })
			if there {
				found.discovered = append(found.discovered, r.uid)
			}
		case !there && !r.unlinked:
			fmt.Fprintf(said, "%s uid %d not found\n", v.entry.name, r.uid)
			v.drop(r)
			found.repack = true
		case !there || !v.reads(r, thorough):
		case message.denied:
			return found
		case message.sha1() != r.guid:
			v.mismatch(said, r)
		case v.folder.uncached[r.uid]:
			fmt.Fprintf(said, "%s rewrote cache for %d\n", v.entry.name, r.uid)
			v.rewrite(r)
			found.repack = true
		}
	}
	found.ended = true
	return found
}

// repack writes the index and the cache anew, as it has to be where a record goes or
// the cache changes. Tombstones without a file go. What the cache tells nothing of is
// taken from the message's file, its GUID as well: whatever was recorded before. No
// modseq counts that, and SYNC_CRC stays.
func (v *visit) repack() {
	x := v.index()
	x.remove(func(r record) bool {
		if r.unlinked {
			x.deletedModSeq = max(x.deletedModSeq, r.modSeq)
		}
		return r.unlinked
	})
	for _, r := range slices.Clone(x.records) {
		message, there := v.folder.files.at[r.uid]
		if !v.folder.uncached[r.uid] || !there || message.denied {
			continue
		}
		r.guid, r.size = message.sha1(), uint32(len(message.body))
		r.crc = r.syncCRC(x.text[:])
		i, _ := x.at(r.uid)
		x.put(i, r)
		delete(v.folder.uncached, r.uid)
	}
}

// reads says whether a reconstruct reads a message's file: all of them if it is
// thorough, else where the size is another than recorded, or the cache tells nothing.
func (v *visit) reads(r record, thorough bool) bool {
	return thorough || uint32(len(v.folder.files.at[r.uid].body)) != r.size || v.folder.uncached[r.uid]
}

// mismatch is what becomes of a message whose file is not what was recorded: nothing,
// for whoever has the right file may put it back. The file of a tombstone is removed.
func (v *visit) mismatch(said *strings.Builder, r record) {
	v.tellMismatch(said, r)
	if !r.expunged {
		fmt.Fprintln(said, "run reconstruct with -R to fix or -U to remove")
		return
	}
	fmt.Fprintf(said, "%s uid %d already expunged, unlinking\n", v.entry.name, r.uid)
	v.folder.files.remove(r.uid)
	r.unlinked = true
	v.rewrite(r)
}

func (v *visit) tellMismatch(said *strings.Builder, r record) {
	fmt.Fprintf(said, "%s uid %d guid mismatch\n", v.entry.name, r.uid)
	v.server.logf("reconstruct: %s uid %d guid mismatch", v.entry.name, r.uid)
}
