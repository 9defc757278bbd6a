package detect

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// mailboxPair is one mailbox on two servers.
type mailboxPair struct {
	at        target.Place // without server and UID
	servers   [2]target.ServerName
	mailboxes [2]target.Mailbox
	master    target.ServerName // empty: not known
}

// compare returns the differences of the mailbox itself, then those of its
// records in order of UID.
func (p mailboxPair) compare() []Finding {
	found := p.compareHeaders()
	target.PairRecords(p.mailboxes[0].Records, p.mailboxes[1].Records, func(a, b *target.Record) {
		switch {
		case a == nil:
			found = append(found, p.onlyOn(1, *b))
		case b == nil:
			found = append(found, p.onlyOn(0, *a))
		default:
			found = append(found, p.onBoth(*a, *b)...)
		}
	})
	found = append(found, p.lastUIDs(slices.ContainsFunc(found, Finding.isOneSidedRecord))...)
	a, b := p.mailboxes[0].HighestModSeq, p.mailboxes[1].HighestModSeq
	if a != b && len(found) == 0 {
		found = append(found, p.undecided(target.ModSeqDiffers, 0, fmt.Sprintf("HIGHESTMODSEQ is %d on %s and %d on %s", a, p.servers[0], b, p.servers[1])))
	}
	return found
}

func (p mailboxPair) compareHeaders() []Finding {
	var found []Finding
	a, b := p.mailboxes[0], p.mailboxes[1]
	differs := func(kind target.Kind, what, inA, inB string) {
		if inA != inB {
			found = append(found, p.undecided(kind, 0, fmt.Sprintf("%s is %q on %s and %q on %s", what, inA, p.servers[0], inB, p.servers[1])))
		}
	}
	differs(target.UniqueIDDiffers, "the unique ID", a.UniqueID, b.UniqueID)
	differs(target.UIDValidityDiffers, "UIDVALIDITY", fmt.Sprint(a.UIDValidity), fmt.Sprint(b.UIDValidity))
	differs(target.MailboxNameDiffers, "the name", a.Name, b.Name)
	differs(target.ACLDiffers, "the ACL", a.ACL, b.ACL)
	differs(target.AnnotationsDiffer, "the list of annotations", target.FormatAnnotations(a.Annotations), target.FormatAnnotations(b.Annotations))
	differs(target.QuotaRootDiffers, "the quota root", a.QuotaRoot, b.QuotaRoot)
	return found
}

func (f Finding) isOneSidedRecord() bool {
	return f.Kind == target.MessageMissing || f.Kind == target.TombstoneMissing
}

// lastUIDs compares up to where UIDs have been given out under one UIDVALIDITY. They are
// given once, so the lower one is wrong: plainly where it is below the UID of a record of
// the same index, else where no record is missing (explained), which may never have got
// there and has left it low as well.
func (p mailboxPair) lastUIDs(explained bool) []Finding {
	a, b := p.mailboxes[0], p.mailboxes[1]
	for side, m := range p.mailboxes {
		if given := lastRecord(m); given > m.LastUID {
			return []Finding{oneSided(p.at, target.LastUIDDiffers, p.servers[side], p.servers[1-side],
				fmt.Sprintf("LAST_UID is %d on %s, which has a record of UID %d", m.LastUID, p.servers[side], given))}
		}
	}
	if a.LastUID == b.LastUID || explained || a.UIDValidity != b.UIDValidity || a.UniqueID != b.UniqueID {
		return nil
	}
	lower := 0
	if b.LastUID < a.LastUID {
		lower = 1
	}
	return []Finding{oneSided(p.at, target.LastUIDDiffers, p.servers[lower], p.servers[1-lower],
		fmt.Sprintf("LAST_UID is %d on %s and %d on %s, and no record is missing", a.LastUID, p.servers[0], b.LastUID, p.servers[1]))}
}

// lastRecord is the UID of a mailbox's last record, tombstones included; 0 for none.
func lastRecord(m target.Mailbox) uint32 {
	if len(m.Records) == 0 {
		return 0
	}
	return m.Records[len(m.Records)-1].UID
}

// undecided is a finding in which nothing tells who is right, unless one of the
// two is known to have been the master.
func (p mailboxPair) undecided(kind target.Kind, uid uint32, evidence string) Finding {
	at := p.at
	at.Server, at.UID = wrongSide(p.servers[0], p.servers[1], p.master), uid
	return Finding{Kind: kind, Place: at, Right: p.master, Evidence: evidence}
}

// onlyOn is about a record that only one side has. Above the other side's
// LAST_UID it never got there. At or below it, the other side has had that UID
// and has no tombstone left: the user may have deleted the message there, or
// it was lost there, and the index cannot tell, unless the side that has it was
// the master: users delete nothing on a replica.
func (p mailboxPair) onlyOn(side int, record target.Record) Finding {
	other := 1 - side
	at := p.at
	at.UID, at.GUID = record.UID, record.GUID
	kind, what := target.MessageMissing, "message"
	if record.Expunged {
		kind, what = target.TombstoneMissing, "tombstone"
	}
	last := p.mailboxes[other].LastUID
	if record.UID > last {
		return oneSided(at, kind, p.servers[other], p.servers[side],
			fmt.Sprintf("the %s's UID %d is above LAST_UID %d of %s: it never got there", what, record.UID, last, p.servers[other]))
	}
	if p.master == p.servers[side] {
		return oneSided(at, kind, p.servers[other], p.servers[side],
			fmt.Sprintf("%s, which was master, has it; %s has had UID %d (its LAST_UID is %d) and lost it", p.servers[side], p.servers[other], record.UID, last))
	}
	at.Server = p.servers[other]
	return Finding{Kind: kind, Place: at,
		Evidence: fmt.Sprintf("%s has had UID %d (its LAST_UID is %d) and keeps no tombstone: deleted there and expired, or lost", p.servers[other], record.UID, last)}
}

// onBoth compares two records with one UID.
func (p mailboxPair) onBoth(a, b target.Record) []Finding {
	if a.GUID != b.GUID {
		f := p.undecided(target.GUIDDiffers, a.UID, fmt.Sprintf("GUID %.12s on %s, %.12s on %s", a.GUID, p.servers[0], b.GUID, p.servers[1]))
		if f.GUID = a.GUID; f.Right == p.servers[1] {
			f.GUID = b.GUID // which is the message that cannot be had on the other side
		}
		return []Finding{f}
	}
	if a.Expunged != b.Expunged {
		return []Finding{p.expungedOnOne(a, b)}
	}
	if a.ModSeq == b.ModSeq && a.InternalDate.Equal(b.InternalDate) && slices.Equal(a.Flags, b.Flags) {
		return nil // as nearly all are
	}
	var found []Finding
	differs := func(kind target.Kind, what, inA, inB string) {
		if inA != inB {
			found = append(found, p.newer(kind, a, b, fmt.Sprintf("%s [%s] on %s, [%s] on %s", what, inA, p.servers[0], inB, p.servers[1])))
		}
	}
	differs(target.FlagsDiffer, "flags", strings.Join(slices.Sorted(slices.Values(a.Flags)), " "), strings.Join(slices.Sorted(slices.Values(b.Flags)), " "))
	differs(target.DateDiffers, "INTERNALDATE", a.InternalDate.UTC().Format(time.RFC3339), b.InternalDate.UTC().Format(time.RFC3339))
	if len(found) == 0 {
		differs(target.ModSeqDiffers, "modseq", fmt.Sprint(a.ModSeq), fmt.Sprint(b.ModSeq))
	}
	return found
}

// expungedOnOne is about a message that has a tombstone on one side and lives
// on the other. An expunge is final and takes a new modseq, so the tombstone
// is right; were its modseq the older one, something has written after it.
func (p mailboxPair) expungedOnOne(a, b target.Record) Finding {
	tomb, live, deletedOn := a, b, 0
	if b.Expunged {
		tomb, live, deletedOn = b, a, 1
	}
	liveOn := 1 - deletedOn
	at := p.at
	at.UID, at.GUID = live.UID, live.GUID
	evidence := fmt.Sprintf("expunged on %s at modseq %d, alive on %s at modseq %d", p.servers[deletedOn], tomb.ModSeq, p.servers[liveOn], live.ModSeq)
	f := oneSided(at, target.ExpungeMissing, p.servers[liveOn], p.servers[deletedOn], evidence)
	if tomb.ModSeq <= live.ModSeq && p.master != p.servers[deletedOn] {
		f.Right = ""
	}
	return f
}

// newer is about one message with two states: the higher modseq is the later
// change, and the finding is about the side that lacks it.
func (p mailboxPair) newer(kind target.Kind, a, b target.Record, evidence string) Finding {
	at := p.at
	at.UID, at.GUID = a.UID, a.GUID
	evidence = fmt.Sprintf("%s; modseq %d and %d", evidence, a.ModSeq, b.ModSeq)
	switch {
	case p.master != "":
		return oneSided(at, kind, wrongSide(p.servers[0], p.servers[1], p.master), p.master, evidence)
	case a.ModSeq > b.ModSeq:
		return oneSided(at, kind, p.servers[1], p.servers[0], evidence)
	case b.ModSeq > a.ModSeq:
		return oneSided(at, kind, p.servers[0], p.servers[1], evidence)
	}
	f := p.undecided(kind, a.UID, evidence)
	f.GUID = a.GUID
	return f
}
