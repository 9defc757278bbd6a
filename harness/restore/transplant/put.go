package transplant

import (
	"context"
	"errors"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/dlist"
	"github.com/cyrdrill/cyrdrill/harness/target/mailboxname"
)

// ErrGone says that there is no mailbox to put anything into.
var ErrGone = errors.New("there is no such mailbox any more")

// Put is what is to be put into one mailbox in one command.
type Put struct {
	Account, Mailbox string // on the server that it is put into
	// UIDs are of messages, ascending, whose files were sent by [Send] in the same
	// conversation.
	UIDs []uint32
	// UpTo is the UID up to which the server is to give out none any more, whether there
	// is a message under it or not.
	UpTo uint32
	// Make makes the mailbox where it is not there, as the source has it.
	Make bool
}

// Placed is what came of a Put.
type Placed struct {
	UIDs []uint32
	// Taken are those that were not free any more: the server has given them out, or its
	// mailbox is another one.
	Taken []uint32
}

// Partition returns the partition that a mailbox lies on, or the account's INBOX where it
// is yet to be made: files have to be sent for that one.
func Partition(ctx context.Context, line target.SyncLine, account, mailbox string) (string, error) {
	for _, name := range []string{mailbox, "INBOX"} {
		if header, there, err := headerOf(ctx, line, account, name); err != nil || there {
			return header.TextOf("PARTITION"), err
		}
	}
	return "", ErrGone
}

// Send sends message files ahead of the records that name them. The server keeps them for
// this conversation alone. RESERVE could save sending those that the account has already;
// but a server that then finds its own file damaged aborts amid the mailbox.
func Send(ctx context.Context, line target.SyncLine, partition string, bodies ...[]byte) error {
	files := dlist.ListOf("MESSAGE")
	for _, body := range bodies {
		files.Items = append(files.Items, dlist.Value{Kind: dlist.File, Partition: partition, GUID: target.SHA1(body), Text: string(body)})
	}
	return line.Apply(ctx, files)
}

// overtaken is how often somebody else may be faster.
const overtaken = 5

// Into puts messages into a mailbox under the UIDs that they had. Their modseqs are those
// that they had as well, unless the server has come to them already: then all get one above
// whatever the clients of either server know, or those that look for changes would never
// hear of them.
func (s *Source) Into(ctx context.Context, line target.SyncLine, put Put) (Placed, error) {
	for range overtaken {
		now, there, err := headerOf(ctx, line, put.Account, put.Mailbox)
		if err != nil {
			return Placed{}, err
		}
		if !there && !put.Make {
			return Placed{}, ErrGone
		}
		command, placed, err := s.command(now, there, put)
		if err != nil || command.Items == nil {
			return placed, err
		}
		switch err := line.Apply(ctx, command); {
		case err == nil:
			return placed, nil
		case !wasOvertaken(err):
			return Placed{}, err
		}
	}
	return Placed{}, fmt.Errorf("%s of %s changes all the time", put.Mailbox, put.Account)
}

// wasOvertaken says whether the server refused because the mailbox is not any more what it
// was when it was asked. No checksum of the outcome is sent, so that this is one of before.
func wasOvertaken(err error) bool {
	var refused *target.RefusedError
	if !errors.As(err, &refused) {
		return false
	}
	switch refused.Code {
	case "IMAP_SYNC_CHANGED", "IMAP_SYNC_CHECKSUM", "IMAP_MAILBOX_MOVED":
		return true
	}
	return false
}

// command is what is to be applied to a mailbox as it is now; without items: nothing.
func (s *Source) command(now dlist.Value, there bool, put Put) (command dlist.Value, placed Placed, err error) {
	lastUID, base, raise := uint32(0), uint64(0), uint64(0)
	header := with(s.header, dlist.Atom("MBOXNAME", mailboxname.Internal(put.Account, put.Mailbox)))
	if there {
		h := fields{of: now}
		lastUID, base = uint32(h.number("LAST_UID", 32)), h.number("HIGHESTMODSEQ", 64)
		same := now.TextOf("UNIQUEID") == s.UniqueID && uint32(h.number("UIDVALIDITY", 32)) == s.UIDValidity
		if h.err != nil || !same {
			return command, Placed{Taken: put.UIDs}, h.err
		}
		header = goingOn(now)
	}
	for _, uid := range put.UIDs {
		if uid > lastUID {
			placed.UIDs = append(placed.UIDs, uid)
		} else {
			placed.Taken = append(placed.Taken, uid)
		}
	}
	upTo := max(put.UpTo, lastUID)
	if n := len(placed.UIDs); n > 0 {
		upTo = max(upTo, placed.UIDs[n-1])
	} else if there && upTo == lastUID {
		return command, placed, nil
	}
	uids := s.withTombstones(placed.UIDs, lastUID, upTo)
	records, err := s.recordsOf(uids)
	if err != nil {
		return command, placed, err
	}
	highest := max(base, s.HighestModSeq)
	if there && anyUpTo(records, base) {
		highest++
		raise = highest
	}
	list := dlist.ListOf("RECORD")
	for _, record := range records {
		list.Items = append(list.Items, raised(record, raise))
	}
	for _, field := range []dlist.Value{
		dlist.Num("LAST_UID", upTo), dlist.Num("HIGHESTMODSEQ", highest), atLeast(header, "XCONVMODSEQ", highest),
		atLeast(header, "LAST_APPENDDATE", (&fields{of: s.header}).optional("LAST_APPENDDATE")), list,
	} {
		header = with(header, field)
	}
	header.Key = "MAILBOX"
	return header, placed, nil
}

// goingOn is the header of a mailbox that is there, to be changed only if it is still so.
func goingOn(now dlist.Value) dlist.Value {
	header := without(now, "SYNC_CRC", "SYNC_CRC_ANNOT")
	header.Items = append(header.Items, dlist.Atom("SINCE_MODSEQ", now.TextOf("HIGHESTMODSEQ")),
		dlist.Atom("SINCE_CRC", now.TextOf("SYNC_CRC")), dlist.Atom("SINCE_CRC_ANNOT", now.TextOf("SYNC_CRC_ANNOT")))
	return header
}

// atLeast is a field of a header that is not to be less than that.
func atLeast(header dlist.Value, key string, least uint64) dlist.Value {
	return dlist.Num(key, max(least, (&fields{of: header}).optional(key)))
}

// withTombstones returns the UIDs of messages and of the tombstones between two UIDs, in
// order.
func (s *Source) withTombstones(uids []uint32, above, upTo uint32) []uint32 {
	all := make([]uint32, 0, len(uids)+len(s.buried))
	for _, uid := range s.buried {
		if uid <= above || uid > upTo {
			continue
		}
		for len(uids) > 0 && uids[0] < uid {
			all, uids = append(all, uids[0]), uids[1:]
		}
		all = append(all, uid)
	}
	return append(all, uids...)
}

func (s *Source) recordsOf(uids []uint32) ([]dlist.Value, error) {
	records := make([]dlist.Value, len(uids))
	for i, uid := range uids {
		record, err := dlist.Parse([]byte(s.records[uid]))
		if err != nil {
			return nil, fmt.Errorf("the record of UID %d: %w", uid, err)
		}
		records[i] = record
	}
	return records, nil
}

// anyUpTo says whether any of the records has a modseq up to that one.
func anyUpTo(records []dlist.Value, modSeq uint64) bool {
	for _, record := range records {
		if n, err := record.Number("MODSEQ", 64); err == nil && n <= modSeq {
			return true
		}
	}
	return false
}

// createdModSeq is the annotation by which a record tells when its message came into the
// mailbox.
const createdModSeq = "/vendor/cmu/cyrus-imapd/createdmodseq"

// raised is a record of a message that came into the mailbox at that modseq; at 0: when it
// did.
func raised(record dlist.Value, modSeq uint64) dlist.Value {
	if modSeq == 0 {
		return record
	}
	annotations, there := record.Get("ANNOTATIONS")
	if there {
		annotations = dlist.ListOf(annotations.Key, append([]dlist.Value(nil), annotations.Items...)...)
		for i, note := range annotations.Items {
			if note.TextOf("ENTRY") == createdModSeq {
				annotations.Items[i] = with(note, dlist.Num("VALUE", modSeq))
			}
		}
		record = with(record, annotations)
	}
	return with(record, dlist.Num("MODSEQ", modSeq))
}

// headerOf returns a mailbox as the server tells it, without records, and whether it is
// there.
func headerOf(ctx context.Context, line target.SyncLine, account, mailbox string) (dlist.Value, bool, error) {
	name := mailboxname.Internal(account, mailbox)
	values, err := line.Get(ctx, dlist.Atoms("MAILBOXES", name))
	if err != nil {
		return dlist.Value{}, false, err
	}
	for _, value := range values {
		if value.Key == "MAILBOX" && value.TextOf("MBOXNAME") == name {
			return value, true, nil
		}
	}
	return dlist.Value{}, false, nil
}
