package wire

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target/dlist"
	"github.com/cyrdrill/cyrdrill/harness/target/lex"
)

// SyncMailbox is a mailbox as GET USER, GET MAILBOXES and GET FULLMAILBOX
// tell it.
type SyncMailbox struct {
	UniqueID      string
	Name          string // internal: "user.alice.Work"
	Type          string // empty: mail; "i": an inner node that is no mailbox
	SyncCRC       string
	LastUID       uint32
	HighestModSeq uint64
	UIDValidity   uint32
	ACL           string // "alice\tlrswipkxtecda\t"
	QuotaRoot     string
	Partition     string
	LastAppended  time.Time // zero: nothing ever was
	CreatedModSeq uint64    // of the account when the mailbox was made
	FolderModSeq  uint64    // of the account when its name, rights or annotations last changed
	Annotations   []SyncAnnotation
	Records       []SyncRecord // GET FULLMAILBOX alone
}

// SyncRecord is one record of an index.
type SyncRecord struct {
	UID          uint32
	ModSeq       uint64
	LastUpdated  time.Time
	Flags        []string // with \Expunged on a tombstone
	InternalDate time.Time
	Size         uint32
	GUID         string
	// Annotations are the users' and, under /vendor/cmu/cyrus-imapd, what a
	// record keeps beside: thrid, savedate, createdmodseq.
	Annotations []SyncAnnotation
}

// SyncAnnotation is one annotation of a mailbox or of a message.
type SyncAnnotation struct {
	Entry  string // "/comment"
	UserID string // whose private value it is; empty: it is shared
	ModSeq uint64
	Value  string
}

// SyncMeta is what GET META tells of an account.
type SyncMeta struct {
	Subscriptions []string // internal names
	Scripts       []SyncScript
	Seen          []SyncSeen
}

// SyncSeen is what the account has seen of a mailbox that is another's. What an
// owner has seen is in the records of the mailbox.
type SyncSeen struct {
	UniqueID   string // of the mailbox
	LastUID    uint32
	SeenUIDs   string // "1:3,5"
	LastRead   time.Time
	LastChange time.Time
}

// User returns the mailboxes of an account; none where there is no such
// account. It fails as a whole when one index cannot be opened.
func (s *Sync) User(ctx context.Context, account string) ([]SyncMailbox, error) {
	return s.mailboxes(ctx, dlist.Value{Kind: dlist.Text, Key: "USER", Text: account})
}

// Mailboxes returns those mailboxes that are there and can be opened.
func (s *Sync) Mailboxes(ctx context.Context, names []string) ([]SyncMailbox, error) {
	list := dlist.Value{Kind: dlist.List, Key: "MAILBOXES"}
	for _, name := range names {
		list.Items = append(list.Items, dlist.Value{Kind: dlist.Text, Text: name})
	}
	return s.mailboxes(ctx, list)
}

// FullMailbox returns one mailbox with its records.
func (s *Sync) FullMailbox(ctx context.Context, name string) (SyncMailbox, error) {
	var records []SyncRecord
	mailbox, err := s.FullMailboxEach(ctx, name, func(record SyncRecord) error {
		records = append(records, record)
		return nil
	})
	mailbox.Records = records
	return mailbox, err
}

// FullMailboxEach is [Sync.FullMailbox], but hands over each record as soon as it is read,
// instead of keeping it. What was handed over is the whole mailbox only when there is no
// error in the end: a server may die, or say no, after any record.
func (s *Sync) FullMailboxEach(ctx context.Context, name string, each func(SyncRecord) error) (SyncMailbox, error) {
	value, err := s.MailboxEach(ctx, name, func(item dlist.Value) error {
		record, err := syncRecord(item)
		if err != nil {
			return fmt.Errorf("%s: record of %s: %w", getFullMailbox, name, err)
		}
		return each(record)
	})
	if err != nil {
		return SyncMailbox{}, err
	}
	mailbox, err := syncMailbox(value)
	if err != nil {
		return SyncMailbox{}, fmt.Errorf("%s: %w", getFullMailbox, err)
	}
	return mailbox, nil
}

const getFullMailbox = "GET FULLMAILBOX"

// MailboxEach implements [target.SyncConversation]: it is [Sync.FullMailboxEach] in the
// server's own words.
func (s *Sync) MailboxEach(ctx context.Context, name string, each func(record dlist.Value) error) (dlist.Value, error) {
	var told []dlist.Value
	err := s.line.getEach(ctx, dlist.Atom("FULLMAILBOX", name), "MAILBOX", func(in *bufio.Reader) error {
		mailbox, err := fullMailbox(in, each)
		told = append(told, mailbox)
		return err
	})
	switch {
	case err != nil:
		return dlist.Value{}, err
	case len(told) != 1:
		return dlist.Value{}, fmt.Errorf("%s: %d mailboxes in the answer", getFullMailbox, len(told))
	}
	return told[0], nil
}

// fullMailbox reads a line that tells of a mailbox. Each record is handed over as it is
// read: the words of all of them would take many times the room.
func fullMailbox(in *bufio.Reader, each func(dlist.Value) error) (dlist.Value, error) {
	var own error // it is each's
	value, err := dlist.ReadLineEach(in, "RECORD", func(item dlist.Value) error {
		own = each(item)
		return own
	})
	var cut *lex.ReadError
	switch {
	case own != nil:
		return dlist.Value{}, own
	case err == nil, errors.As(err, &cut):
		return value, err
	}
	return dlist.Value{}, fmt.Errorf("%s: answer not understood: %w", getFullMailbox, err)
}

// Meta returns what belongs to the account and to none of its mailboxes.
func (s *Sync) Meta(ctx context.Context, account string) (SyncMeta, error) {
	values, err := s.Get(ctx, dlist.Value{Kind: dlist.Text, Key: "META", Text: account})
	var meta SyncMeta
	for _, value := range values {
		switch value.Key {
		case "LSUB":
			meta.Subscriptions = append(meta.Subscriptions, value.Texts()...)
		case "SIEVE":
			meta.Scripts = append(meta.Scripts, SyncScript{
				Filename: value.TextOf("FILENAME"),
				GUID:     value.TextOf("GUID"),
				Active:   value.TextOf("ISACTIVE") == "1",
			})
		case "SEEN":
			seen, err := syncSeen(value)
			if err != nil {
				return SyncMeta{}, fmt.Errorf("GET META: %w", err)
			}
			meta.Seen = append(meta.Seen, seen)
		}
	}
	return meta, err
}

func syncSeen(value dlist.Value) (SyncSeen, error) {
	n := numbers{of: value}
	return SyncSeen{
		UniqueID:   value.TextOf("UNIQUEID"),
		LastUID:    uint32(n.get("LASTUID", 32)),
		SeenUIDs:   value.TextOf("SEENUIDS"),
		LastRead:   n.date("LASTREAD"),
		LastChange: n.date("LASTCHANGE"),
	}, n.err
}

// mailboxes asks, and keeps the mailboxes of the answer: GET USER tells of
// quota roots, seen state and more as well.
func (s *Sync) mailboxes(ctx context.Context, what dlist.Value) ([]SyncMailbox, error) {
	values, err := s.Get(ctx, what)
	if err != nil {
		return nil, err
	}
	var mailboxes []SyncMailbox
	for _, value := range values {
		if value.Key != "MAILBOX" {
			continue
		}
		mailbox, err := syncMailbox(value)
		if err != nil {
			return nil, fmt.Errorf("GET %s: %w", what.Key, err)
		}
		mailboxes = append(mailboxes, mailbox)
	}
	return mailboxes, nil
}

// numbers reads several numbers of one map and remembers the first failure.
type numbers struct {
	of  dlist.Value
	err error
}

func (n *numbers) get(key string, bits int) uint64 {
	number, err := n.of.Number(key, bits)
	if n.err == nil {
		n.err = err
	}
	return number
}

// optional returns 0 where there is no such key.
func (n *numbers) optional(key string, bits int) uint64 {
	if _, ok := n.of.Get(key); !ok {
		return 0
	}
	return n.get(key, bits)
}

// date returns the zero time for 0 and where there is no such key.
func (n *numbers) date(key string) time.Time {
	if seconds := n.optional(key, 64); seconds != 0 {
		return time.Unix(int64(seconds), 0).UTC() // before 1970: wraps round
	}
	return time.Time{}
}

// annotations reads what stands under ANNOTATIONS, if anything does.
func (n *numbers) annotations() []SyncAnnotation {
	list, _ := n.of.Get("ANNOTATIONS")
	var annotations []SyncAnnotation
	for _, item := range list.Items {
		item.Key = "ANNOTATIONS"
		one := numbers{of: item}
		annotations = append(annotations, SyncAnnotation{
			Entry:  item.TextOf("ENTRY"),
			UserID: item.TextOf("USERID"),
			ModSeq: one.optional("MODSEQ", 64),
			Value:  item.TextOf("VALUE"),
		})
		if n.err == nil {
			n.err = one.err
		}
	}
	return annotations
}

func syncMailbox(value dlist.Value) (SyncMailbox, error) {
	n := numbers{of: value}
	mailbox := SyncMailbox{
		UniqueID:      value.TextOf("UNIQUEID"),
		Name:          value.TextOf("MBOXNAME"),
		Type:          value.TextOf("MBOXTYPE"),
		SyncCRC:       value.TextOf("SYNC_CRC"),
		LastUID:       uint32(n.get("LAST_UID", 32)),
		HighestModSeq: n.get("HIGHESTMODSEQ", 64),
		UIDValidity:   uint32(n.get("UIDVALIDITY", 32)),
		ACL:           value.TextOf("ACL"),
		QuotaRoot:     value.TextOf("QUOTAROOT"),
		Partition:     value.TextOf("PARTITION"),
		LastAppended:  n.date("LAST_APPENDDATE"),
		CreatedModSeq: n.optional("CREATEDMODSEQ", 64),
		FolderModSeq:  n.optional("FOLDERMODSEQ", 64),
		Annotations:   n.annotations(),
	}
	if n.err == nil && mailbox.Name == "" {
		n.err = fmt.Errorf("a mailbox without MBOXNAME")
	}
	return mailbox, n.err
}

func syncRecord(value dlist.Value) (SyncRecord, error) {
	value.Key = "RECORD"
	n := numbers{of: value}
	flags, _ := value.Get("FLAGS")
	record := SyncRecord{
		UID:          uint32(n.get("UID", 32)),
		ModSeq:       n.get("MODSEQ", 64),
		LastUpdated:  n.date("LAST_UPDATED"),
		Flags:        flags.Texts(),
		InternalDate: time.Unix(int64(n.get("INTERNALDATE", 64)), 0).UTC(), // before 1970: wraps round
		Size:         uint32(n.get("SIZE", 32)),
		GUID:         strings.ToLower(value.TextOf("GUID")),
		Annotations:  n.annotations(),
	}
	return record, n.err
}
