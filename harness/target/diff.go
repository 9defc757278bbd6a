package target

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Difference is one thing in which two snapshots of an account differ.
type Difference struct {
	Mailbox string // empty: the account itself
	UID     uint32 // 0: the mailbox itself
	Field   string // "flags", "uidvalidity", …; empty: the whole thing is on one side only
	A, B    string // the values, "absent" where there is none
}

func (d Difference) String() string {
	where := "account"
	if d.Mailbox != "" {
		where = d.Mailbox
	}
	if d.UID != 0 {
		where += fmt.Sprintf(" UID %d", d.UID)
	}
	if d.Field != "" {
		where += " " + d.Field
	}
	return fmt.Sprintf("%s: %s | %s", where, d.A, d.B)
}

const absent = "absent"

// Diff returns everything in which two snapshots of one account differ, in
// order of mailbox and UID, and nothing when they are equal. It looks as deep
// as the shallower of the two. Which server a snapshot is from, SYNC_CRC (it follows
// from the rest, and a server may leave it out), and what was seen of others' mail
// (which outlives that) do not count.
func Diff(a, b Snapshot) []Difference {
	level := a.Level
	if levelDepth(b.Level) < levelDepth(a.Level) {
		level = b.Level
	}
	var diffs []Difference
	names := slices.Sorted(maps.Keys(mailboxNames(a, b)))
	for _, name := range names {
		inA, okA := a.Mailbox(name)
		inB, okB := b.Mailbox(name)
		if !okA || !okB {
			diffs = append(diffs, Difference{Mailbox: name, A: presence(okA), B: presence(okB)})
			continue
		}
		diffs = append(diffs, diffHeaders(inA, inB)...)
		if levelDepth(level) >= levelDepth(LevelIndex) {
			diffs = append(diffs, diffRecords(inA, inB, level)...)
		}
	}
	if levelDepth(level) >= levelDepth(LevelIndex) {
		diffs = append(diffs, diffMeta(a.Meta, b.Meta)...)
	}
	return diffs
}

// FormatDiff renders differences one a line, under a line that says which
// snapshots were compared; at most limit lines of differences (0: all).
func FormatDiff(a, b Snapshot, diffs []Difference, limit int) string {
	if len(diffs) == 0 {
		return fmt.Sprintf("%s: %s and %s are equal at %s level\n", a.Account, a.Server, b.Server, a.Level)
	}
	var out strings.Builder
	fmt.Fprintf(&out, "%s: %d differences between %s | %s\n", a.Account, len(diffs), a.Server, b.Server)
	for i, d := range diffs {
		if limit > 0 && i == limit {
			fmt.Fprintf(&out, "  … and %d more\n", len(diffs)-limit)
			break
		}
		fmt.Fprintf(&out, "  %s\n", d)
	}
	return out.String()
}

func levelDepth(l Level) int { return slices.Index([]Level{LevelStatus, LevelIndex, LevelBody}, l) }

func mailboxNames(snaps ...Snapshot) map[string]bool {
	names := map[string]bool{}
	for _, s := range snaps {
		for _, m := range s.Mailboxes {
			names[m.Name] = true
		}
	}
	return names
}

func presence(there bool) string {
	if there {
		return "present"
	}
	return absent
}

// field is one comparable value of a thing, already in words.
type field struct{ name, value string }

// diffFields compares two lists of fields that have the same names in the
// same order.
func diffFields(at Difference, a, b []field) []Difference {
	var diffs []Difference
	for i := range a {
		if a[i].value != b[i].value {
			d := at
			d.Field, d.A, d.B = a[i].name, a[i].value, b[i].value
			diffs = append(diffs, d)
		}
	}
	return diffs
}

func diffHeaders(a, b Mailbox) []Difference {
	if a.UniqueID == b.UniqueID && a.UIDValidity == b.UIDValidity && a.LastUID == b.LastUID && a.HighestModSeq == b.HighestModSeq &&
		a.ACL == b.ACL && a.QuotaRoot == b.QuotaRoot && maps.Equal(a.Annotations, b.Annotations) {
		return nil
	}
	fields := func(m Mailbox) []field {
		return []field{
			{"uniqueid", m.UniqueID},
			{"uidvalidity", fmt.Sprint(m.UIDValidity)},
			{"last_uid", fmt.Sprint(m.LastUID)},
			{"highestmodseq", fmt.Sprint(m.HighestModSeq)},
			{"acl", m.ACL},
			{"quotaroot", m.QuotaRoot},
			{"annotations", FormatAnnotations(m.Annotations)},
		}
	}
	return diffFields(Difference{Mailbox: a.Name}, fields(a), fields(b))
}

// FormatAnnotations renders annotations in the order of their entries.
func FormatAnnotations(annotations map[string]string) string {
	parts := make([]string, 0, len(annotations))
	for _, entry := range slices.Sorted(maps.Keys(annotations)) {
		parts = append(parts, fmt.Sprintf("%s %q", entry, annotations[entry]))
	}
	return strings.Join(parts, ", ")
}

// FormatQuota renders the limits of an account's quota root.
func FormatQuota(m Meta) string {
	text := fmt.Sprint(m.QuotaKiB)
	for _, resource := range slices.Sorted(maps.Keys(m.OtherLimits)) {
		text += fmt.Sprintf(", %s %d", resource, m.OtherLimits[resource])
	}
	return text
}

func diffRecords(a, b Mailbox, level Level) []Difference {
	var diffs []Difference
	PairRecords(a.Records, b.Records, func(inA, inB *Record) {
		switch {
		case inA == nil:
			diffs = append(diffs, Difference{Mailbox: a.Name, UID: inB.UID, A: absent, B: describe(*inB)})
		case inB == nil:
			diffs = append(diffs, Difference{Mailbox: a.Name, UID: inA.UID, A: describe(*inA), B: absent})
		case !SameRecord(inA, inB, level):
			at := Difference{Mailbox: a.Name, UID: inA.UID}
			diffs = append(diffs, diffFields(at, recordFields(*inA, level), recordFields(*inB, level))...)
		}
	})
	return diffs
}

// SameRecord says without putting it into words whether two records have equal
// fields.
func SameRecord(a, b *Record, level Level) bool {
	return a.GUID == b.GUID && a.Size == b.Size && a.InternalDate.Equal(b.InternalDate) && slices.Equal(a.Flags, b.Flags) &&
		a.ModSeq == b.ModSeq && a.Expunged == b.Expunged && (level != LevelBody || a.BodySHA1 == b.BodySHA1)
}

// PairRecords walks two lists of records, each in order of UID, side by side
// and calls each for every UID: with both records where both have it, with nil
// for the side that has not.
func PairRecords(a, b []Record, each func(inA, inB *Record)) {
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case j == len(b) || i < len(a) && a[i].UID < b[j].UID:
			each(&a[i], nil)
			i++
		case i == len(a) || b[j].UID < a[i].UID:
			each(nil, &b[j])
			j++
		default:
			each(&a[i], &b[j])
			i++
			j++
		}
	}
}

func describe(r Record) string {
	state := "message"
	if r.Expunged {
		state = "tombstone"
	}
	return fmt.Sprintf("%s %.8s, %d bytes, modseq %d", state, r.GUID, r.Size, r.ModSeq)
}

func recordFields(r Record, level Level) []field {
	fields := []field{
		{"guid", r.GUID},
		{"size", fmt.Sprint(r.Size)},
		{"internaldate", r.InternalDate.UTC().Format(time.RFC3339)},
		{"flags", strings.Join(r.Flags, " ")},
		{"modseq", fmt.Sprint(r.ModSeq)},
		{"expunged", fmt.Sprint(r.Expunged)},
	}
	if level == LevelBody {
		fields = append(fields, field{"body", r.BodySHA1})
	}
	return fields
}

func diffMeta(a, b Meta) []Difference {
	fields := func(m Meta) []field {
		scripts := make([]string, 0, len(m.Scripts))
		for _, s := range slices.SortedFunc(slices.Values(m.Scripts), func(x, y Script) int { return cmp.Compare(x.Name, y.Name) }) {
			text := fmt.Sprintf("%s %.8s", s.Name, s.GUID)
			if s.Active {
				text += " active"
			}
			scripts = append(scripts, text)
		}
		return []field{
			{"subscriptions", strings.Join(m.Subscriptions, ", ")},
			{"scripts", strings.Join(scripts, ", ")},
			{"quota", FormatQuota(m)},
		}
	}
	return diffFields(Difference{}, fields(a), fields(b))
}
