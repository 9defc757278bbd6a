package view

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/mailboxname"
	"github.com/cyrdrill/cyrdrill/harness/wire"
)

// indexView is the index view of a server by its sync protocol.
type indexView struct {
	server  server
	admins  *admins
	connect func(context.Context) (*wire.Sync, error)
	kept    pool[*wire.Sync]
}

// Mailboxes returns the headers of the account's mailboxes, sorted by name.
// What is not mail (inner nodes, deleted mailboxes that Cyrus keeps for a
// while, calendars) is left out.
func (x *indexView) Mailboxes(ctx context.Context, account string) ([]target.Mailbox, error) {
	found, _, err := x.find(ctx, account)
	if err != nil {
		return nil, fmt.Errorf("index view of %s on %s: %w", account, x.server.name, err)
	}
	return x.mail(account, found)
}

// mail returns those of an account's mailboxes that are mail, without records.
func (x *indexView) mail(account string, found []wire.SyncMailbox) ([]target.Mailbox, error) {
	var mailboxes []target.Mailbox
	for _, m := range found {
		mailbox, err := indexMailbox(account, m)
		if err != nil {
			return nil, fmt.Errorf("index view of %s on %s: %w", account, x.server.name, err)
		}
		if m.Type == "" && target.IsOwn(mailbox.Name) {
			mailboxes = append(mailboxes, mailbox)
		}
	}
	slices.SortFunc(mailboxes, func(a, b target.Mailbox) int { return cmp.Compare(a.Name, b.Name) })
	return mailboxes, nil
}

// find asks GET USER, which fails as a whole when one index cannot be opened.
// Then the names come from the list of mailboxes, by IMAP, and GET MAILBOXES
// tells of those that can be opened.
func (x *indexView) find(ctx context.Context, account string) (found []wire.SyncMailbox, refused bool, err error) {
	err = x.ask(ctx, func(s *wire.Sync) (err error) {
		found, err = s.User(ctx, account)
		return err
	})
	if !isNo(err) {
		return found, false, err
	}
	names, err := x.listed(ctx, account)
	if err != nil || len(names) == 0 {
		return nil, true, err
	}
	err = x.ask(ctx, func(s *wire.Sync) (err error) {
		found, err = s.Mailboxes(ctx, names)
		return err
	})
	return found, true, err
}

// Account implements [target.AccountReader]: what GET USER tells is taken for both parts.
func (x *indexView) Account(ctx context.Context, account string) ([]target.Mailbox, target.Meta, error) {
	found, refused, err := x.find(ctx, account)
	if err != nil {
		return nil, target.Meta{}, fmt.Errorf("index view of %s on %s: %w", account, x.server.name, err)
	}
	mailboxes, err := x.mail(account, found)
	if err != nil {
		return nil, target.Meta{}, err
	}
	exists := func(*wire.Sync) (bool, error) { return refused || len(found) > 0, nil }
	meta, err := x.meta(ctx, account, exists)
	if err != nil {
		return nil, target.Meta{}, err
	}
	meta.Deleted = deletedAmong(found)
	return mailboxes, meta, nil
}

// listed returns the internal names of the account's mailboxes as the
// administrator lists them, whatever their indexes are like.
func (x *indexView) listed(ctx context.Context, account string) (names []string, err error) {
	err = x.admins.ask(ctx, func(admin *wire.IMAP) error {
		mailboxes, err := admin.List(ctx, wholeAccount(account)...)
		names = make([]string, len(mailboxes))
		for i, m := range mailboxes {
			names[i] = mailboxname.FromExternal(m.Name)
		}
		return err
	})
	return names, err
}

// wholeAccount are the patterns of an account's mailboxes, deleted ones among them.
func wholeAccount(account string) []string {
	root := accountsRoot + account
	return []string{root, root + "/*", mailboxname.ExternalDeleted + root + "/*"}
}

// Mailbox returns one mailbox with its records.
func (x *indexView) Mailbox(ctx context.Context, account, mailbox string) (target.Mailbox, error) {
	var full wire.SyncMailbox
	err := x.ask(ctx, func(s *wire.Sync) (err error) {
		full, err = s.FullMailbox(ctx, mailboxname.Internal(account, mailbox))
		return err
	})
	if err == nil {
		var converted target.Mailbox
		if converted, err = indexMailbox(account, full); err == nil {
			return converted, nil
		}
	}
	return target.Mailbox{}, fmt.Errorf("index view of %s of %s on %s: %w", mailbox, account, x.server.name, err)
}

// Meta returns what belongs to the account and to none of its mailboxes.
func (x *indexView) Meta(ctx context.Context, account string) (target.Meta, error) {
	meta, err := x.meta(ctx, account, func(s *wire.Sync) (bool, error) { return hasAccount(ctx, s, account) })
	if err == nil {
		meta.Deleted, err = x.deleted(ctx, account)
	}
	if err != nil {
		return target.Meta{}, err
	}
	return meta, nil
}

// meta is all but which mailboxes were deleted. GET META makes a database for an account
// that does not exist, and looking must change nothing.
func (x *indexView) meta(ctx context.Context, account string, exists func(*wire.Sync) (bool, error)) (target.Meta, error) {
	var meta wire.SyncMeta
	var limits wire.SyncQuota
	err := x.ask(ctx, func(s *wire.Sync) error {
		exists, err := exists(s)
		if err == nil && exists {
			meta, err = s.Meta(ctx, account)
		}
		if err == nil && exists {
			limits, err = quotaOf(ctx, s, account)
		}
		return err
	})
	var converted target.Meta
	if err == nil {
		converted, err = indexMeta(account, meta)
	}
	if err != nil {
		return target.Meta{}, fmt.Errorf("index view of what belongs to %s on %s: %w", account, x.server.name, err)
	}
	converted.QuotaKiB, converted.OtherLimits = quotaLimits(limits)
	return converted, nil
}

// quotaOf returns the limits of the account's own quota root; none where there is no
// such root.
func quotaOf(ctx context.Context, s *wire.Sync, account string) (wire.SyncQuota, error) {
	quota, err := s.Quota(ctx, mailboxname.Internal(account, "INBOX"))
	if isNo(err) {
		return wire.SyncQuota{}, nil
	}
	return quota, err
}

// quotaLimits returns the storage limit in KiB, and those of other resources.
func quotaLimits(quota wire.SyncQuota) (storageKiB int64, others map[string]uint64) {
	storageKiB = target.NoQuota
	for resource, limit := range quota.Limits {
		if resource == "STORAGE" {
			storageKiB = int64(limit)
			continue
		}
		if others == nil {
			others = map[string]uint64{}
		}
		others[resource] = limit
	}
	return storageKiB, others
}

// deleted returns the unique IDs of the account's deleted mailboxes.
func (x *indexView) deleted(ctx context.Context, account string) ([]string, error) {
	found, _, err := x.find(ctx, account)
	if err != nil {
		return nil, fmt.Errorf("index view of what belongs to %s on %s: %w", account, x.server.name, err)
	}
	return deletedAmong(found), nil
}

// deletedAmong returns the unique IDs of deleted mailboxes, sorted.
func deletedAmong(found []wire.SyncMailbox) []string {
	var ids []string
	for _, m := range found {
		if strings.HasPrefix(m.Name, mailboxname.InternalDeleted) {
			ids = append(ids, m.UniqueID)
		}
	}
	slices.Sort(ids)
	return ids
}

// hasAccount asks for the INBOX, which is quick, and then for any mailbox at
// all: an INBOX that cannot be opened is passed over in the first answer, and
// makes the second a no.
func hasAccount(ctx context.Context, s *wire.Sync, account string) (bool, error) {
	inbox, err := s.Mailboxes(ctx, []string{mailboxname.Internal(account, "INBOX")})
	if err != nil || len(inbox) > 0 {
		return true, err
	}
	all, err := s.User(ctx, account)
	if isNo(err) {
		return true, nil
	}
	return len(all) > 0, err
}

func indexMailbox(account string, m wire.SyncMailbox) (target.Mailbox, error) {
	name, err := mailboxname.Owner(account, m.Name)
	if err != nil {
		return target.Mailbox{}, err
	}
	mailbox := target.Mailbox{
		Name:          name,
		UniqueID:      m.UniqueID,
		UIDValidity:   m.UIDValidity,
		LastUID:       m.LastUID,
		HighestModSeq: m.HighestModSeq,
		ACL:           indexACL(m.ACL),
		QuotaRoot:     m.QuotaRoot,
		SyncCRC:       m.SyncCRC,
		Annotations:   mailboxAnnotations(account, m.Annotations),
	}
	if len(m.Records) > 0 {
		mailbox.Records = make([]target.Record, 0, len(m.Records))
	}
	for _, r := range m.Records {
		mailbox.Records = append(mailbox.Records, indexRecord(r))
	}
	slices.SortFunc(mailbox.Records, func(a, b target.Record) int { return cmp.Compare(a.UID, b.UID) })
	return mailbox, nil
}

func indexRecord(r wire.SyncRecord) target.Record {
	return target.Record{
		UID:          r.UID,
		GUID:         r.GUID,
		Size:         r.Size,
		InternalDate: r.InternalDate,
		Flags:        recordFlags(r.Flags),
		ModSeq:       r.ModSeq,
		Expunged:     slices.Contains(r.Flags, `\Expunged`),
	}
}

// mailboxAnnotations returns those of [target.Annotations] that are set: the
// shared ones belong to nobody, the private ones to the account.
func mailboxAnnotations(account string, told []wire.SyncAnnotation) map[string]string {
	owners := map[string]string{"": "/shared", account: "/private"}
	annotations := map[string]string{}
	for _, a := range told {
		tree, known := owners[a.UserID]
		if entry := tree + a.Entry; known && slices.Contains(target.Annotations(), entry) {
			annotations[entry] = a.Value
		}
	}
	if len(annotations) == 0 {
		return nil
	}
	return annotations
}

// indexACL turns Cyrus's "bob\tlrs\talice\tlrswipkxtecda\t" into sorted pairs.
func indexACL(acl string) string {
	fields := strings.Split(strings.TrimSuffix(acl, "\t"), "\t")
	var entries []string
	for pair := range slices.Chunk(fields, 2) {
		entries = append(entries, strings.Join(pair, " "))
	}
	slices.Sort(entries)
	return strings.Join(entries, ", ")
}

// cyrusACL turns sorted pairs into Cyrus's own form.
func cyrusACL(acl string) (string, error) {
	var out strings.Builder
	for entry := range strings.SplitSeq(acl, ", ") {
		who, rights, ok := strings.Cut(entry, " ")
		if !ok || who == "" || rights == "" || strings.ContainsAny(entry, "\t\r\n") {
			return "", fmt.Errorf("%q is no entry of an ACL", entry)
		}
		out.WriteString(who + "\t" + rights + "\t")
	}
	return out.String(), nil
}

// recordFlags returns the flags that are a user's, sorted; nil for none.
func recordFlags(flags []string) []string {
	var kept []string
	for _, flag := range flags {
		if flag != `\Recent` && flag != `\Expunged` {
			kept = append(kept, flag)
		}
	}
	slices.Sort(kept)
	return kept
}

func indexMeta(account string, m wire.SyncMeta) (target.Meta, error) {
	var meta target.Meta
	for _, internal := range m.Subscriptions {
		name, err := mailboxname.Owner(account, internal)
		if err != nil {
			return target.Meta{}, err
		}
		meta.Subscriptions = append(meta.Subscriptions, name)
	}
	slices.Sort(meta.Subscriptions)
	meta.Scripts = indexScripts(m.Scripts)
	for _, seen := range m.Seen {
		if seen.SeenUIDs != "" { // it was told of messages, and has seen none
			meta.Seen = append(meta.Seen, target.Seen{UniqueID: seen.UniqueID, UIDs: seen.SeenUIDs})
		}
	}
	slices.SortFunc(meta.Seen, func(a, b target.Seen) int { return cmp.Compare(a.UniqueID, b.UniqueID) })
	return meta, nil
}

// indexScripts returns the scripts, sorted by name. Cyrus tells of each one's
// source, "rules.script", and of the active one's compiled script as well,
// "rules.bc", which alone says that it is active.
func indexScripts(told []wire.SyncScript) []target.Script {
	active := map[string]bool{}
	for _, s := range told {
		if s.Active {
			active[strings.TrimSuffix(strings.TrimSuffix(s.Filename, ".bc"), ".script")] = true
		}
	}
	var scripts []target.Script
	for _, s := range told {
		if name, ok := strings.CutSuffix(s.Filename, ".script"); ok {
			scripts = append(scripts, target.Script{Name: name, GUID: s.GUID, Active: active[name]})
		}
	}
	slices.SortFunc(scripts, func(a, b target.Script) int { return cmp.Compare(a.Name, b.Name) })
	return scripts
}
