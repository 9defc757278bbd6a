package view

import (
	"cmp"
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/mailboxname"
	"github.com/cyrdrill/cyrdrill/harness/wire"
)

// How much is sent to a server before it is made mail of, and how many accounts at once.
const (
	seedMessages = 500
	seedBytes    = 8 << 20
	// seededAtOnce is how many accounts are seeded side by side.
	seededAtOnce = 4
)

// SeedMailbox is one mailbox and the mail to be put into it.
type SeedMailbox struct {
	Name string // as its owner sees it, in UTF-8: "INBOX/Köln"
	// UniqueID and UIDValidity are those of a mailbox that is not there yet.
	// One that is there, as the INBOX is, keeps its own.
	UniqueID    string
	UIDValidity uint32
	// ACL is as in [target.Mailbox]: "alice lrswipkxtecdan, bob lrs". Empty: a
	// mailbox that is there keeps its own, a new one gets the INBOX's.
	ACL string
	// Messages get the next UIDs, in order. One without a date gets the time
	// that UIDVALIDITY is, in seconds since 1970.
	Messages []target.AppendMessage
}

// Seed puts mail in bulk into an account that exists, by the sync protocol and
// so past all that IMAP and LMTP do: mailboxes are made with the given unique
// IDs, and quotas are not enforced. The account must be left alone meanwhile.
//
// Rolling replication does not carry it, since a server logs nothing of what it
// is told so. What is written depends on the account's state and on mailboxes
// alone, so Seed on both servers of a pair, whose accounts are equal, makes them
// equal again. Where it fails, the account may hold a part of the mail.
//
// Accounts can be seeded side by side; four are at a time.
func (v *View) Seed(ctx context.Context, account string, mailboxes []SeedMailbox) error {
	select {
	case v.seeding <- struct{}{}:
		defer func() { <-v.seeding }()
	case <-ctx.Done():
		return fmt.Errorf("seeding %s on %s: %w", account, v.server.name, ctx.Err())
	}
	conn, err := v.server.sync(ctx)
	if err == nil {
		defer func() { _ = conn.Close() }()
		err = (&seeder{sync: conn, account: account}).seed(ctx, mailboxes)
	}
	if err != nil {
		return fmt.Errorf("seeding %s on %s: %w", account, v.server.name, err)
	}
	return nil
}

// seeder puts mail into one account.
type seeder struct {
	sync    *wire.Sync
	account string
	there   map[string]wire.SyncMailbox // by internal name
	modSeq  uint64                      // the account's highest

	messages []wire.SyncMessage // not sent yet
	bytes    int
	parts    []wire.SyncMailbox // the mailboxes that these are for, each with its records
}

func (s *seeder) seed(ctx context.Context, mailboxes []SeedMailbox) error {
	if err := s.look(ctx); err != nil {
		return err
	}
	sorted := slices.SortedFunc(slices.Values(mailboxes), func(a, b SeedMailbox) int { return cmp.Compare(a.Name, b.Name) })
	for _, m := range sorted { // parents come first
		if err := s.mailbox(ctx, m); err != nil {
			return fmt.Errorf("%s: %w", m.Name, err)
		}
	}
	return s.flush(ctx)
}

// look reads which mailboxes are there.
func (s *seeder) look(ctx context.Context) error {
	found, err := s.sync.User(ctx, s.account)
	if err != nil {
		return err
	}
	s.there = map[string]wire.SyncMailbox{}
	for _, m := range found {
		s.there[m.Name] = m
		s.modSeq = max(s.modSeq, m.HighestModSeq)
	}
	if _, ok := s.there[mailboxname.Internal(s.account, "INBOX")]; !ok {
		return fmt.Errorf("there is no such account")
	}
	return nil
}

// mailbox adds one mailbox to what is to be sent, and sends what is enough.
func (s *seeder) mailbox(ctx context.Context, seed SeedMailbox) error {
	m, err := s.header(seed)
	if err != nil {
		return err
	}
	s.parts = append(s.parts, m)
	for _, message := range seed.Messages {
		if len(s.messages) == seedMessages || len(s.messages) > 0 && s.bytes+len(message.Body) > seedBytes {
			m.Records = nil
			if err := s.flush(ctx); err != nil {
				return err
			}
			s.parts = append(s.parts, m)
		}
		s.add(&m, message)
		s.parts[len(s.parts)-1] = m
	}
	m.Records = nil
	s.there[m.Name] = m
	return nil
}

// header returns the mailbox as it is, or as it is to be made.
func (s *seeder) header(seed SeedMailbox) (wire.SyncMailbox, error) {
	m, exists := s.there[mailboxname.Internal(s.account, seed.Name)]
	if !exists {
		var err error
		if m, err = s.made(seed); err != nil {
			return wire.SyncMailbox{}, err
		}
	}
	if m.Type != "" {
		return wire.SyncMailbox{}, fmt.Errorf("it is no mailbox for mail")
	}
	if seed.ACL != "" {
		acl, err := cyrusACL(seed.ACL)
		if err != nil {
			return wire.SyncMailbox{}, err
		}
		if acl != m.ACL && exists {
			s.modSeq++
			m.HighestModSeq, m.FolderModSeq = s.modSeq, s.modSeq
		}
		m.ACL = acl
	}
	return m, nil
}

// made returns a mailbox that is to be made. Its parent must be there, since
// Cyrus would make one with a unique ID of its own choice.
func (s *seeder) made(seed SeedMailbox) (wire.SyncMailbox, error) {
	parent := seed.Name[:max(0, strings.LastIndexByte(seed.Name, '/'))]
	if _, ok := s.there[mailboxname.Internal(s.account, parent)]; !ok || !target.IsOwn(parent) {
		return wire.SyncMailbox{}, fmt.Errorf("there is no mailbox %q to hold it", parent)
	}
	if seed.UniqueID == "" || seed.UIDValidity == 0 {
		return wire.SyncMailbox{}, fmt.Errorf("a mailbox that is made needs a unique ID and a UIDVALIDITY")
	}
	s.modSeq++
	inbox := s.there[mailboxname.Internal(s.account, "INBOX")]
	return wire.SyncMailbox{
		Name:          mailboxname.Internal(s.account, seed.Name),
		UniqueID:      seed.UniqueID,
		UIDValidity:   seed.UIDValidity,
		Partition:     inbox.Partition,
		ACL:           inbox.ACL,
		QuotaRoot:     inbox.QuotaRoot,
		HighestModSeq: s.modSeq,
		CreatedModSeq: s.modSeq,
		FolderModSeq:  s.modSeq,
	}, nil
}

// add gives the message the next UID and modseq of the mailbox. All times but
// its own are the mailbox's, so that both servers of a pair get the same.
func (s *seeder) add(m *wire.SyncMailbox, message target.AppendMessage) {
	s.modSeq++
	m.LastUID++
	m.HighestModSeq = s.modSeq
	made := time.Unix(int64(m.UIDValidity), 0).UTC()
	date := message.InternalDate
	if date.IsZero() {
		date = made
	}
	if m.LastAppended.Before(made) {
		m.LastAppended = made
	}
	file := wire.SyncMessage{Body: message.Body}
	guid := file.GUID()
	m.Records = append(m.Records, wire.SyncRecord{
		UID:          m.LastUID,
		ModSeq:       s.modSeq,
		LastUpdated:  made,
		Flags:        message.Flags,
		InternalDate: date,
		Size:         uint32(len(message.Body)),
		GUID:         guid,
		Annotations:  recordAnnotations(guid, made, s.modSeq),
	})
	s.messages = append(s.messages, file)
	s.bytes += len(message.Body)
}

// recordAnnotations returns what Cyrus gives each message that it takes in, and
// tells as annotations: without, a message would have no THREADID and SAVEDATE.
func recordAnnotations(guid string, saved time.Time, modSeq uint64) []wire.SyncAnnotation {
	const own = "/vendor/cmu/cyrus-imapd/"
	return []wire.SyncAnnotation{
		{Entry: own + "thrid", Value: threadID(guid)},
		{Entry: own + "savedate", Value: fmt.Sprint(saved.Unix())},
		{Entry: own + "createdmodseq", Value: fmt.Sprint(modSeq)},
	}
}

// threadID returns the ID of the thread that begins with the message.
func threadID(guid string) string {
	const mask = 0x91f3d9e10b690b12 // Cyrus's
	sum, _ := hex.DecodeString(guid)
	return fmt.Sprintf("%016x", binary.BigEndian.Uint64(sum)^mask)
}

// flush sends the messages, and then the mailboxes that hold them.
func (s *seeder) flush(ctx context.Context) error {
	if err := s.sync.ApplyMessages(ctx, s.partition(), s.messages...); err != nil {
		return err
	}
	for _, m := range s.parts {
		if err := s.sync.ApplyMailbox(ctx, m); err != nil {
			return err
		}
	}
	s.messages, s.bytes, s.parts = nil, 0, nil
	return nil
}

func (s *seeder) partition() string {
	return s.there[mailboxname.Internal(s.account, "INBOX")].Partition
}
