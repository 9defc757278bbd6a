package wire

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/dlist"
)

// DefaultPartition is where a mailbox lies that says nothing else.
const DefaultPartition = "default"

// SyncMessage is one message file that is sent ahead of the records that name
// it.
type SyncMessage struct{ Body []byte }

// GUID returns the SHA-1 of the message, by which records name it.
func (m SyncMessage) GUID() string {
	sum := sha1.Sum(m.Body)
	return hex.EncodeToString(sum[:])
}

// ApplyMessages sends message files to the server. It keeps them aside, for
// this connection alone, until ApplyMailbox names them in records.
func (s *Sync) ApplyMessages(ctx context.Context, partition string, messages ...SyncMessage) error {
	if len(messages) == 0 {
		return nil
	}
	list := dlist.Value{Kind: dlist.List, Key: "MESSAGE"}
	for _, m := range messages {
		list.Items = append(list.Items, dlist.Value{Kind: dlist.File, Partition: partition, GUID: m.GUID(), Text: string(m.Body)})
	}
	return s.Apply(ctx, list)
}

// ApplyMailbox makes the mailbox, or changes the one with this unique ID, to be
// as told, and adds or changes these records; others stay as they are. UIDs,
// modseqs, dates and flags become what they are here. Annotations that the
// mailbox has and that are not told are removed. SyncCRC is not sent.
//
// The message of each new record must have been sent by ApplyMessages on this
// connection: without, sync_server dies of it, and leaves a part behind.
//
// The change goes into no sync log: rolling replication does not carry it.
func (s *Sync) ApplyMailbox(ctx context.Context, m SyncMailbox) error {
	value, err := m.dlist()
	if err != nil {
		return &target.RefusedError{Command: "APPLY MAILBOX", Status: "BAD", Text: "not sent: " + err.Error()}
	}
	err = s.Apply(ctx, value)
	if refused := (*target.RefusedError)(nil); errors.As(err, &refused) && !refusedUntouched(refused) {
		return doubtful{err}
	}
	return err
}

// refusedUntouched says whether the server refused the mailbox before it
// changed anything. It also says no afterwards: when a checksum is not the
// awaited one, or a file cannot be written.
func refusedUntouched(refused *target.RefusedError) bool {
	return refused.Status == "BAD" || strings.HasPrefix(refused.Code, "IMAP_PROTOCOL_") ||
		strings.HasPrefix(refused.Code, "IMAP_MAILBOX_") || strings.HasPrefix(refused.Text, "Permission denied")
}

// Apply sends APPLY with a key and its value, whatever they are. That it fails
// does not say that nothing was changed.
func (s *Sync) Apply(ctx context.Context, what dlist.Value) error { return s.line.apply(ctx, what) }

// dlist returns the mailbox as APPLY MAILBOX takes it.
func (m SyncMailbox) dlist() (dlist.Value, error) {
	w := dlistWriter{}
	w.text("UNIQUEID", m.UniqueID)
	w.text("MBOXNAME", m.Name)
	w.textIfAny("MBOXTYPE", m.Type)
	w.number("SYNC_CRC", 0) // nothing is awaited
	w.number("LAST_UID", uint64(m.LastUID))
	w.number("HIGHESTMODSEQ", m.HighestModSeq)
	w.number("RECENTUID", 0)
	w.number("RECENTTIME", 0)
	w.date("LAST_APPENDDATE", m.LastAppended)
	w.number("POP3_LAST_LOGIN", 0)
	w.number("XCONVMODSEQ", m.HighestModSeq)
	w.number("UIDVALIDITY", uint64(m.UIDValidity))
	w.text("PARTITION", m.partition())
	w.text("ACL", m.ACL)
	w.text("OPTIONS", "P") // the owner's \Seen is kept in the records
	w.textIfAny("QUOTAROOT", m.QuotaRoot)
	w.numberIfAny("CREATEDMODSEQ", m.CreatedModSeq)
	w.numberIfAny("FOLDERMODSEQ", m.FolderModSeq)
	w.annotations(m.Annotations)
	records := dlist.Value{Kind: dlist.List, Key: "RECORD"}
	for _, r := range m.Records {
		record, err := r.dlist()
		if err != nil {
			return dlist.Value{}, fmt.Errorf("UID %d of %s: %w", r.UID, m.Name, err)
		}
		records.Items = append(records.Items, record)
	}
	w.items = append(w.items, records)
	return dlist.Value{Kind: dlist.Map, Key: "MAILBOX", Items: w.items}, w.err
}

func (m SyncMailbox) partition() string {
	if m.Partition == "" {
		return DefaultPartition
	}
	return m.Partition
}

// dlist returns the record as it stands in a mailbox's RECORD.
func (r SyncRecord) dlist() (dlist.Value, error) {
	flags := dlist.Value{Kind: dlist.List, Key: "FLAGS"}
	for _, flag := range r.Flags {
		flags.Items = append(flags.Items, dlist.Value{Kind: dlist.Text, Text: flag})
	}
	w := dlistWriter{}
	w.number("UID", uint64(r.UID))
	w.number("MODSEQ", r.ModSeq)
	w.date("LAST_UPDATED", r.LastUpdated)
	w.items = append(w.items, flags)
	w.date("INTERNALDATE", r.InternalDate)
	w.number("SIZE", uint64(r.Size))
	w.text("GUID", r.GUID)
	w.annotations(r.Annotations)
	return dlist.Value{Kind: dlist.Map, Items: w.items}, w.err
}

// dlistWriter puts a map together and remembers the first failure.
type dlistWriter struct {
	items []dlist.Value
	err   error
}

func (w *dlistWriter) text(key, value string) {
	w.items = append(w.items, dlist.Value{Kind: dlist.Text, Key: key, Text: value})
}

func (w *dlistWriter) textIfAny(key, value string) {
	if value != "" {
		w.text(key, value)
	}
}

func (w *dlistWriter) number(key string, value uint64) { w.text(key, fmt.Sprint(value)) }

func (w *dlistWriter) numberIfAny(key string, value uint64) {
	if value != 0 {
		w.number(key, value)
	}
}

// date writes a time in seconds, which is what an index keeps in 32 bits.
func (w *dlistWriter) date(key string, value time.Time) {
	seconds := value.Unix()
	if value.IsZero() {
		seconds = 0
	}
	if (seconds < 0 || seconds > math.MaxUint32) && w.err == nil {
		w.err = fmt.Errorf("%s %s is no time that an index can hold", key, value)
	}
	w.number(key, uint64(seconds))
}

func (w *dlistWriter) annotations(annotations []SyncAnnotation) {
	if len(annotations) == 0 {
		return
	}
	list := dlist.Value{Kind: dlist.List, Key: "ANNOTATIONS"}
	for _, a := range annotations {
		one := dlistWriter{}
		one.text("ENTRY", a.Entry)
		one.text("USERID", a.UserID)
		one.number("MODSEQ", a.ModSeq)
		one.text("VALUE", a.Value)
		list.Items = append(list.Items, dlist.Value{Kind: dlist.Map, Items: one.items})
	}
	w.items = append(w.items, list)
}
