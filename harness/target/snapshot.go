package target

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Level says how deep a snapshot looks. Each level holds all of the one below.
type Level string

const (
	// LevelStatus has mailboxes' headers, and no records.
	LevelStatus Level = "status"
	// LevelIndex adds records, expunged ones included, and the account's meta.
	LevelIndex Level = "index"
	// LevelBody adds the digest of what a client really gets of each message.
	LevelBody Level = "body"
)

// Snapshot is the canonical state of one account on one server: everything in
// a fixed order, so that equal states are equal values.
type Snapshot struct {
	Server    ServerName `json:"server"`
	Account   string     `json:"account"`
	Level     Level      `json:"level"`
	Mailboxes []Mailbox  `json:"mailboxes"` // sorted by name
	Meta      Meta       `json:"meta"`      // from LevelIndex on
}

// Mailbox is one mailbox as its index has it.
type Mailbox struct {
	// Name is as its owner sees it, in UTF-8: "INBOX", "INBOX/Work".
	Name          string `json:"name"`
	UniqueID      string `json:"uniqueid"`
	UIDValidity   uint32 `json:"uidvalidity"`
	LastUID       uint32 `json:"last_uid"` // UIDNEXT is one more
	HighestModSeq uint64 `json:"highestmodseq"`
	ACL           string `json:"acl"`       // "alice lrswipkxtecda", sorted, joined by ", "
	QuotaRoot     string `json:"quotaroot"` // empty: none
	// Annotations are by entry: those of [Annotations] that are set.
	Annotations map[string]string `json:"annotations,omitempty"`
	SyncCRC     string            `json:"sync_crc"` // as the server tells it; not compared by Diff
	Records     []Record          `json:"records"`  // by UID; from LevelIndex on
}

// Record is one message in an index.
type Record struct {
	UID          uint32    `json:"uid"`
	GUID         string    `json:"guid"` // SHA-1 of the message as delivered, 40 hex digits
	Size         uint32    `json:"size"` // bytes
	InternalDate time.Time `json:"internaldate"`
	Flags        []string  `json:"flags,omitempty"` // sorted; without \Recent and \Expunged
	ModSeq       uint64    `json:"modseq"`
	// Expunged: the user has removed it; the record is a tombstone that Cyrus
	// keeps until cyr_expire. Only the index view has such records.
	Expunged bool `json:"expunged,omitempty"`
	// BodySHA1 is the digest of what BODY.PEEK[] gave, at LevelBody and for
	// records that are not expunged; [NoBody] where the server gave nothing.
	BodySHA1 string `json:"body_sha1,omitempty"`
}

// NoBody stands in Record.BodySHA1 for a message that is listed but that the
// server could not give.
const NoBody = "none"

// Live returns the mailbox's records that are not expunged, to be read alone.
func (m Mailbox) Live() []Record {
	live := 0
	for i := range m.Records {
		if !m.Records[i].Expunged {
			live++
		}
	}
	if live == len(m.Records) {
		return m.Records
	}
	records := make([]Record, 0, live)
	for i := range m.Records {
		if !m.Records[i].Expunged {
			records = append(records, m.Records[i])
		}
	}
	return records
}

// Mailbox returns the mailbox of that name.
func (s Snapshot) Mailbox(name string) (Mailbox, bool) {
	for _, m := range s.Mailboxes {
		if m.Name == name {
			return m, true
		}
	}
	return Mailbox{}, false
}

// Meta is what belongs to an account and to none of its mailboxes.
type Meta struct {
	Subscriptions []string `json:"subscriptions,omitempty"` // names as the owner sees them, sorted
	Scripts       []Script `json:"scripts,omitempty"`       // sorted by name
	// QuotaKiB is the storage limit of the account's quota root, or [NoQuota].
	QuotaKiB int64 `json:"quota_kib"`
	// OtherLimits are those of the same quota root that are set for other resources,
	// by Cyrus's names: "MESSAGE", "X-NUM-FOLDERS", "X-ANNOTATION-STORAGE".
	OtherLimits map[string]uint64 `json:"other_limits,omitempty"`
	// Deleted are the unique IDs of mailboxes that the user has deleted and that
	// are still kept (delete_mode: delayed), sorted.
	Deleted []string `json:"deleted,omitempty"`
	// Seen is what the account has seen of others' mail, in order of unique IDs;
	// of its own mail the records have \Seen.
	Seen []Seen `json:"seen,omitempty"`
}

// Seen is which messages of another's mailbox an account has seen.
type Seen struct {
	UniqueID string `json:"uniqueid"` // of the mailbox
	UIDs     string `json:"uids"`     // "1:3,5"; never empty
}

// Script is one sieve script.
type Script struct {
	Name   string `json:"name"`
	GUID   string `json:"guid"` // SHA-1 of its source
	Active bool   `json:"active,omitempty"`
}

// TakeSnapshot reads the account's state on the server, as deep as level says.
// It changes nothing. At LevelBody it logs in as the account, so there every
// live record of the index gets the digest of what the user is given.
func TakeSnapshot(ctx context.Context, server Server, account string, level Level) (Snapshot, error) {
	snap := Snapshot{Server: server.Name(), Account: account, Level: level}
	fail := func(err error) (Snapshot, error) {
		return Snapshot{}, fmt.Errorf("taking %s snapshot of %s on %s: %w", level, account, server.Name(), err)
	}
	var err error
	if level == LevelStatus {
		if snap.Mailboxes, err = server.Index().Mailboxes(ctx, account); err != nil {
			return fail(err)
		}
		return snap, nil
	}
	if snap.Mailboxes, snap.Meta, err = readIndex(ctx, server, account); err != nil {
		return fail(err)
	}
	if level == LevelIndex || len(snap.Mailboxes) == 0 { // a login could make a mailbox where there is none
		return snap, nil
	}
	if err := readBodies(ctx, server, &snap); err != nil {
		return fail(err)
	}
	return snap, nil
}

// readIndex reads an account's mailboxes whole, and what belongs to none of them: last of
// all, where it does not come with the mailboxes.
func readIndex(ctx context.Context, server Server, account string) (whole []Mailbox, meta Meta, err error) {
	reader, atOnce := server.Index().(AccountReader)
	var told []Mailbox
	if atOnce {
		told, meta, err = reader.Account(ctx, account)
	} else {
		told, err = server.Index().Mailboxes(ctx, account)
	}
	if err != nil {
		return nil, meta, err
	}
	whole, err = withRecords(ctx, server, account, told)
	if err == nil && (!atOnce || len(whole) < len(told)) { // one that has gone meanwhile is among the deleted ones by now
		meta, err = server.Index().Meta(ctx, account)
	}
	return whole, meta, err
}

// withRecords reads mailboxes whole. One that its user has deleted or renamed since it was
// told of is left out.
func withRecords(ctx context.Context, server Server, account string, told []Mailbox) ([]Mailbox, error) {
	if len(told) == 0 {
		return told, nil
	}
	whole := make([]Mailbox, 0, len(told))
	for _, m := range told {
		mailbox, err := server.Index().Mailbox(ctx, account, m.Name)
		if err != nil && IsGone(ctx, server, account, m.Name, err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		whole = append(whole, mailbox)
	}
	return whole, nil
}

// IsGone says whether a server refused to read a mailbox because it has none of that name
// any more.
func IsGone(ctx context.Context, server Server, account, name string, err error) bool {
	var refused *RefusedError
	if !errors.As(err, &refused) || refused.Status != "NO" {
		return false
	}
	now, err := server.Index().Mailboxes(ctx, account)
	return err == nil && !slices.ContainsFunc(now, func(m Mailbox) bool { return m.Name == name })
}

// TakeSnapshots reads several accounts on several servers side by side, and
// returns their snapshots by server and account.
func TakeSnapshots(ctx context.Context, executor Executor, accounts []string, level Level, servers ...Server) (map[ServerName]map[string]Snapshot, error) {
	snaps := make([]Snapshot, len(servers)*len(accounts))
	tasks := make([]func(context.Context) error, 0, len(snaps))
	for i, server := range servers {
		for j, account := range accounts {
			tasks = append(tasks, func(ctx context.Context) (err error) {
				snaps[i*len(accounts)+j], err = TakeSnapshot(ctx, server, account, level)
				return err
			})
		}
	}
	if err := executor.Run(ctx, tasks...); err != nil {
		return nil, err
	}
	taken := make(map[ServerName]map[string]Snapshot, len(servers))
	for i, server := range servers {
		taken[server.Name()] = make(map[string]Snapshot, len(accounts))
		for j, account := range accounts {
			taken[server.Name()][account] = snaps[i*len(accounts)+j]
		}
	}
	return taken, nil
}

// readBodies fills in BodySHA1 of the snapshot's live records.
func readBodies(ctx context.Context, server Server, snap *Snapshot) (err error) {
	session, err := LoginToLook(ctx, server, snap.Account)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := session.Close(); err == nil {
			err = closeErr
		}
	}()
	for i := range snap.Mailboxes {
		records := slices.Clone(snap.Mailboxes[i].Records)
		digests := make(map[uint32]string, len(records))
		err := DigestedBodies(ctx, session, snap.Mailboxes[i].Name, nil, func(uid uint32, _ []byte, sha1 string) error {
			digests[uid] = sha1
			return nil
		})
		if err != nil && IsGone(ctx, server, snap.Account, snap.Mailboxes[i].Name, err) {
			snap.Mailboxes[i].Records = nil // and all of it with its name
			continue
		}
		if err != nil {
			return err
		}
		for j := range records {
			if records[j].Expunged {
				continue
			}
			records[j].BodySHA1 = NoBody
			if digest, ok := digests[records[j].UID]; ok {
				records[j].BodySHA1 = digest
			}
		}
		snap.Mailboxes[i].Records = records
	}
	return nil
}

// DigestBody returns the SHA-1 of a message in hex, or [NoBody] for nil.
func DigestBody(body []byte) string {
	if body == nil {
		return NoBody
	}
	return SHA1(body)
}

// SHA1 returns the SHA-1 of bytes, in hex.
func SHA1(of []byte) string {
	sum := sha1.Sum(of)
	var text [2 * sha1.Size]byte
	hex.Encode(text[:], sum[:])
	return string(text[:])
}
