package transplant

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/dlist"
	"github.com/cyrdrill/cyrdrill/harness/target/mailboxname"
)

// Source is what a server has of one mailbox. Of its records it keeps those that were asked
// for, and the tombstones.
type Source struct {
	UniqueID      string
	UIDValidity   uint32
	LastUID       uint32
	HighestModSeq uint64

	header  dlist.Value
	records map[uint32]string // as the server told them; as values they would take five times the room
	buried  []uint32          // UIDs of tombstones, ascending
}

// Read reads a mailbox, and keeps the records of those messages that are wanted, and the
// tombstones of those above a UID. It changes nothing.
func Read(ctx context.Context, line target.SyncConversation, account, mailbox string, above uint32, wanted func(uid uint32) bool) (*Source, error) {
	s := &Source{records: map[uint32]string{}}
	header, err := line.MailboxEach(ctx, mailboxname.Internal(account, mailbox), func(record dlist.Value) error {
		record.Key = "RECORD" // what an error calls it
		uid, err := record.Number("UID", 32)
		if err != nil {
			return err
		}
		switch buried := isTombstone(record); {
		case buried && uint32(uid) > above:
			s.buried = append(s.buried, uint32(uid))
		case buried || !wanted(uint32(uid)):
			return nil
		}
		s.records[uint32(uid)] = record.String()
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading %s of %s: %w", mailbox, account, err)
	}
	s.header = without(header, "RECORD", "SYNC_CRC", "SYNC_CRC_ANNOT")
	h := fields{of: header}
	s.UniqueID, s.UIDValidity = header.TextOf("UNIQUEID"), uint32(h.number("UIDVALIDITY", 32))
	s.LastUID, s.HighestModSeq = uint32(h.number("LAST_UID", 32)), h.number("HIGHESTMODSEQ", 64)
	slices.Sort(s.buried)
	return s, h.err
}

// GUID returns the GUID that is recorded of a message that was asked for; empty: there is
// none under that UID.
func (s *Source) GUID(uid uint32) string {
	text, there := s.records[uid]
	if !there {
		return ""
	}
	record, err := dlist.Parse([]byte(text))
	if err != nil {
		return ""
	}
	return strings.ToLower(record.TextOf("GUID"))
}

// ModSeq returns the modseq that is recorded of a message that was asked for; 0: none is.
func (s *Source) ModSeq(uid uint32) uint64 {
	record, err := dlist.Parse([]byte(s.records[uid]))
	if err != nil {
		return 0
	}
	return (&fields{of: record}).optional("MODSEQ")
}

func isTombstone(record dlist.Value) bool {
	flags, _ := record.Get("FLAGS")
	return slices.ContainsFunc(flags.Items, func(flag dlist.Value) bool { return strings.EqualFold(flag.Text, `\Expunged`) })
}

// fields reads numbers of a map, and remembers the first failure.
type fields struct {
	of  dlist.Value
	err error
}

func (f *fields) number(key string, bits int) uint64 {
	n, err := f.of.Number(key, bits)
	if f.err == nil {
		f.err = err
	}
	return n
}

// optional is 0 where there is no such field.
func (f *fields) optional(key string) uint64 {
	if _, there := f.of.Get(key); !there {
		return 0
	}
	return f.number(key, 64)
}

// with returns a map in which that field has that value, in its place or at the end.
func with(of dlist.Value, field dlist.Value) dlist.Value {
	of.Items = slices.Clone(of.Items)
	for i := range of.Items {
		if of.Items[i].Key == field.Key {
			of.Items[i] = field
			return of
		}
	}
	of.Items = append(of.Items, field)
	return of
}

// without returns a map without those fields.
func without(of dlist.Value, keys ...string) dlist.Value {
	of.Items = slices.DeleteFunc(slices.Clone(of.Items), func(item dlist.Value) bool { return slices.Contains(keys, item.Key) })
	return of
}
