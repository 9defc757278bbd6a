package hearsay

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/dlist"
	"github.com/cyrdrill/cyrdrill/harness/target/mailboxname"
)

// Place is a mailbox, by the name that its owner sees.
type Place struct{ Account, Mailbox string }

func (p Place) String() string { return fmt.Sprintf("%s of %s", p.Mailbox, p.Account) }

// Flags makes other flags and keywords a message's, under the modseq that it has.
type Flags struct {
	Place
	UID   uint32
	Flags []string
}

// Tell implements [target.Hearsay].
func (f Flags) Tell(ctx context.Context, line target.SyncLine) (target.Evidence, error) {
	return tellRecord(ctx, line, f.Place, f.UID, "FLAGS", dlist.Atoms("FLAGS", f.Flags...))
}

// Date makes another INTERNALDATE a message's, in whole seconds.
type Date struct {
	Place
	UID  uint32
	Date time.Time
}

// Tell implements [target.Hearsay].
func (d Date) Tell(ctx context.Context, line target.SyncLine) (target.Evidence, error) {
	return tellRecord(ctx, line, d.Place, d.UID, "INTERNALDATE", dlist.Num("INTERNALDATE", d.Date.Unix()))
}

// ModSeq makes another, higher modseq a message's, and the mailbox's highest.
type ModSeq struct {
	Place
	UID    uint32
	ModSeq uint64
}

// Tell implements [target.Hearsay].
func (m ModSeq) Tell(ctx context.Context, line target.SyncLine) (target.Evidence, error) {
	return tellMailbox(ctx, line, m.Place, fmt.Sprintf("modseq of UID %d", m.UID), measureRecord(m.UID, "MODSEQ"), func(told *dlist.Value) error {
		highest, err := told.Number("HIGHESTMODSEQ", 64)
		if err != nil {
			return err
		}
		set(told, dlist.Num("HIGHESTMODSEQ", max(highest, m.ModSeq)))
		return changeRecord(told, m.UID, dlist.Num("MODSEQ", m.ModSeq))
	})
}

// Rights gives the identifier these rights on a mailbox, beside what others have.
type Rights struct {
	Place
	Identifier, Rights string
}

// Tell implements [target.Hearsay].
func (r Rights) Tell(ctx context.Context, line target.SyncLine) (target.Evidence, error) {
	return tellMailbox(ctx, line, r.Place, "ACL", measure("ACL"), func(told *dlist.Value) error {
		grants := strings.SplitAfter(told.TextOf("ACL"), "\t")
		acl := ""
		for i := 0; i+1 < len(grants); i += 2 {
			if grants[i] != r.Identifier+"\t" {
				acl += grants[i] + grants[i+1]
			}
		}
		set(told, dlist.Atom("ACL", acl+r.Identifier+"\t"+r.Rights+"\t"))
		keepRecords(told)
		return nil
	})
}

// NoAnnotations takes a mailbox's own annotations away.
type NoAnnotations struct{ Place }

// Tell implements [target.Hearsay].
func (n NoAnnotations) Tell(ctx context.Context, line target.SyncLine) (target.Evidence, error) {
	return tellMailbox(ctx, line, n.Place, "annotations", measure("ANNOTATIONS"), func(told *dlist.Value) error {
		told.Items = slices.DeleteFunc(slices.Clone(told.Items), func(item dlist.Value) bool { return item.Key == "ANNOTATIONS" })
		keepRecords(told)
		return nil
	})
}

// tellRecord makes one field of a message's record another.
func tellRecord(ctx context.Context, line target.SyncLine, place Place, uid uint32, key string, value dlist.Value) (target.Evidence, error) {
	what := fmt.Sprintf("%s of UID %d", key, uid)
	return tellMailbox(ctx, line, place, what, measureRecord(uid, key), func(told *dlist.Value) error {
		return changeRecord(told, uid, value)
	})
}

// tellMailbox reads a mailbox, changes what it read, and tells that.
func tellMailbox(ctx context.Context, line target.SyncLine, place Place, what string, measure func(dlist.Value) string, change func(*dlist.Value) error) (target.Evidence, error) {
	fail := func(err error) (target.Evidence, error) {
		return target.Evidence{}, fmt.Errorf("telling a wrong %s of %s: %w", what, place, err)
	}
	before, err := full(ctx, line, place)
	if err != nil {
		return fail(err)
	}
	told := before
	told.Items = slices.Clone(before.Items)
	if err := change(&told); err != nil {
		return fail(err)
	}
	for _, crc := range []string{"SYNC_CRC", "SYNC_CRC_ANNOT"} {
		set(&told, dlist.Num(crc, uint32(0))) // none is awaited
	}
	if err := line.Apply(ctx, told); err != nil {
		return fail(err)
	}
	after, err := full(ctx, line, place)
	if err != nil {
		return fail(err)
	}
	return target.Evidence{
		Summary: fmt.Sprintf("a sync client has told a wrong %s of %s", what, place),
		Facts:   []target.Fact{{What: fmt.Sprintf("%s of %s", what, place), Before: measure(before), After: measure(after)}},
	}, nil
}

// full reads a mailbox with its records.
func full(ctx context.Context, line target.SyncLine, place Place) (dlist.Value, error) {
	name := mailboxname.Internal(place.Account, place.Mailbox)
	values, err := line.Get(ctx, dlist.Atom("FULLMAILBOX", name))
	if err != nil {
		return dlist.Value{}, err
	}
	for _, value := range values {
		if value.Key == "MAILBOX" {
			return value, nil
		}
	}
	return dlist.Value{}, fmt.Errorf("GET FULLMAILBOX tells of no mailbox %s", name)
}

func measure(key string) func(dlist.Value) string {
	return func(v dlist.Value) string {
		value, ok := v.Get(key)
		if !ok {
			return "none"
		}
		return value.String()
	}
}

func measureRecord(uid uint32, key string) func(dlist.Value) string {
	return func(v dlist.Value) string {
		record, ok := recordOf(v, uid)
		if !ok {
			return "no record"
		}
		return measure(key)(record)
	}
}

func recordOf(v dlist.Value, uid uint32) (dlist.Value, bool) {
	records, _ := v.Get("RECORD")
	for _, record := range records.Items {
		if record.TextOf("UID") == fmt.Sprint(uid) {
			return record, true
		}
	}
	return dlist.Value{}, false
}

// changeRecord lets one record be told alone, with another field; the others stay
// as they are.
func changeRecord(told *dlist.Value, uid uint32, field dlist.Value) error {
	record, ok := recordOf(*told, uid)
	if !ok {
		return fmt.Errorf("it has no UID %d", uid)
	}
	record.Items = slices.Clone(record.Items)
	set(&record, field)
	keepRecords(told, record)
	return nil
}

// keepRecords lets no other records be told than these.
func keepRecords(told *dlist.Value, records ...dlist.Value) {
	set(told, dlist.ListOf("RECORD", records...))
}

// set puts a value under its key, in the place of what is there.
func set(of *dlist.Value, value dlist.Value) {
	for i := range of.Items {
		if of.Items[i].Key == value.Key {
			of.Items[i] = value
			return
		}
	}
	of.Items = append(of.Items, value)
}
