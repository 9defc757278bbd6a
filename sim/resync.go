package sim

import (
	"context"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

var _ target.Resyncer = (*session)(nil)

// Resync implements [target.Resyncer]. Below what the index has forgotten for good Cyrus
// names every UID that is not there; above it, the tombstones. What was never recorded as
// forgotten, it does not name: an index made by replication begins with nothing forgotten.
func (s *session) Resync(ctx context.Context, name string, known target.Known) (target.Resync, error) {
	v, err := s.selectMailbox(ctx, "EXAMINE", name, "r", readTime)
	if err != nil {
		return target.Resync{}, err
	}
	x := v.index()
	told := target.Resync{UIDValidity: x.uidValidity, HighestModSeq: x.highestModSeq}
	if known.UIDValidity != x.uidValidity || known.ModSeq >= x.highestModSeq {
		return told, s.done(ctx, request{"EXAMINE", name})
	}
	if known.ModSeq >= x.deletedModSeq {
		told.Vanished = tombstonesSince(x, known.ModSeq)
	} else {
		s.logf("imap: inefficient qresync (%d > %d) %s", x.deletedModSeq, known.ModSeq, v.entry.name)
		told.Vanished = absent(x)
	}
	for _, r := range x.records {
		if !r.expunged && r.modSeq > known.ModSeq {
			told.Changed = append(told.Changed, target.Record{UID: r.uid, Flags: s.flagsOf(&v, r), ModSeq: r.modSeq})
		}
	}
	return told, s.done(ctx, request{"EXAMINE", name})
}

// tombstonesSince returns the UIDs of tombstones that are younger than that.
func tombstonesSince(x *index, modSeq uint64) []target.UIDRange {
	var gone []target.UIDRange
	for _, r := range x.records {
		switch last := len(gone) - 1; {
		case !r.expunged || r.modSeq <= modSeq:
		case last >= 0 && gone[last].Last+1 == r.uid:
			gone[last].Last = r.uid
		default:
			gone = append(gone, target.UIDRange{First: r.uid, Last: r.uid})
		}
	}
	return gone
}

// absent returns all UIDs up to the last one given that no message has.
func absent(x *index) []target.UIDRange {
	var gone []target.UIDRange
	next := uint32(1)
	upTo := func(uid uint32) {
		if next < uid {
			gone = append(gone, target.UIDRange{First: next, Last: uid - 1})
		}
		next = uid + 1
	}
	for _, r := range x.records {
		if !r.expunged {
			upTo(r.uid)
		}
	}
	upTo(x.lastUID + 1)
	return gone
}
