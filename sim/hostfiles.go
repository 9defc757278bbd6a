package sim

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// room is how much the disk that holds mail has left, unless it is full.
const room = 1 << 30

// looks reaches the machine of a server that runs.
func (v hostView) looks(ctx context.Context, what string) error {
	if !v.up() || v.hung() {
		return &target.UnsupportedError{Target: "a server that is down", What: what}
	}
	return v.pair.takes(ctx, execTime)
}

// looksAtFiles is looks, for who goes through the files of mailboxes.
func (v hostView) looksAtFiles(ctx context.Context, what string) error {
	if v.pair.version.foldersByName {
		return &target.UnsupportedError{Target: "a Cyrus that names folders as mailboxes", What: "looks at its files"}
	}
	return v.looks(ctx, what)
}

// Machine implements [target.HostView].
func (v hostView) Machine(ctx context.Context) (target.Machine, error) {
	if err := v.looks(ctx, "looks at its machine"); err != nil {
		return target.Machine{}, err
	}
	seen := target.Machine{Clock: v.clock(), Room: room, ReadOnly: v.disk.readOnly}
	if v.disk.full {
		seen.Room = 0
	}
	return seen, nil
}

// listed is one of an account's mailboxes, and what lies in its directory: nil where
// that is gone.
type listed struct {
	name   string // as its owner sees it
	folder *folder
}

// listedOf returns the account's mailboxes for mail, sorted by name.
func (d *disk) listedOf(account string) ([]listed, error) {
	var found []listed
	for _, e := range d.list.ofAccount(account) {
		if e.kind != entryMail || isDeletedName(e.name) {
			continue
		}
		name, err := e.shownTo(account)
		if err != nil {
			return nil, fmt.Errorf("listing the mailboxes of %s: %w", account, err)
		}
		found = append(found, listed{name, d.folder(e)})
	}
	slices.SortFunc(found, func(a, b listed) int { return cmp.Compare(a.name, b.name) })
	return found, nil
}

// Files implements [target.HostView].
func (v hostView) Files(ctx context.Context, account string) ([]target.MailboxFiles, error) {
	if err := v.looksAtFiles(ctx, "lists of the files on its disk"); err != nil {
		return nil, err
	}
	mailboxes, err := v.disk.listedOf(account)
	if err != nil {
		return nil, err
	}
	found := make([]target.MailboxFiles, len(mailboxes))
	for i, m := range mailboxes {
		found[i].Mailbox = m.name
		if m.folder != nil {
			found[i].Messages = m.folder.spool()
		}
	}
	return found, nil
}

// spool returns the message files, as an administrator sees them.
func (f *folder) spool() []target.SpoolFile {
	found := make([]target.SpoolFile, 0, len(f.files.at))
	for _, uid := range slices.Sorted(maps.Keys(f.files.at)) {
		message := f.files.at[uid]
		seen := target.SpoolFile{UID: uid, Size: int64(len(message.body)), Accessible: !message.denied}
		if seen.Accessible {
			seen.SHA1 = message.sha1()
		}
		found = append(found, seen)
	}
	return found
}

// Databases implements [target.HostView].
func (v hostView) Databases(ctx context.Context, accounts []string) ([]target.Database, error) {
	if err := v.looksAtFiles(ctx, "looks at the databases on its disk"); err != nil {
		return nil, err
	}
	list := target.Database{Name: "mailboxes.db", There: true, Accessible: true}
	if v.disk.list.unreadable {
		list.Wrong = "it cannot be read"
	}
	found := []target.Database{list}
	for _, account := range accounts {
		mailboxes, err := v.disk.listedOf(account)
		if err != nil {
			return nil, err
		}
		if v.disk.list.owned(account, inbox) != nil { // by whose unique ID they are found
			found = append(found, v.disk.account(account).databases(account, mailboxes)...)
		}
		for _, m := range mailboxes {
			for _, db := range m.databases() {
				db.Account, db.Mailbox = account, m.name
				found = append(found, db)
			}
		}
	}
	return found, nil
}

// databases are those that belong to the account itself.
func (a *accountState) databases(account string, mailboxes []listed) []target.Database {
	conversations := target.Database{Name: "conversations.db", Account: account, There: true, Accessible: true}
	if unknown := a.unknownTo(mailboxes); unknown > 0 {
		conversations.Wrong = fmt.Sprintf("it does not know of %d messages", unknown)
	}
	seen := target.Database{Name: "seen.db", Account: account, There: len(a.seen) > 0 || a.seenBroken, Accessible: true}
	if a.seenBroken {
		seen.Wrong = "it is cut off"
	}
	return []target.Database{conversations, seen, {Name: "sub.db", Account: account, There: a.hasSubs, Accessible: true}}
}

// unknownTo counts the messages that the indexes tell of, and conversations.db does not.
func (a *accountState) unknownTo(mailboxes []listed) int {
	unknown := 0
	for _, m := range mailboxes {
		if m.folder == nil || m.folder.index.state != indexWhole && !m.folder.headerGone {
			continue // without its header the index is of no use to Cyrus, and can be read
		}
		for i := range m.folder.index.records {
			if r := &m.folder.index.records[i]; !r.expunged && (a.conversationsLost || a.strayed[r.guid]) {
				unknown++
			}
		}
	}
	return unknown
}

// databases are the files beside the messages in the mailbox's directory. What the
// cache should be is for the index to say.
func (m listed) databases() []target.Database {
	index := target.Database{Name: "cyrus.index", There: true, Accessible: true}
	header := target.Database{Name: "cyrus.header", There: true, Accessible: true}
	cache := target.Database{Name: "cyrus.cache", There: true, Accessible: true}
	const missing = "it is not there"
	switch f := m.folder; {
	case f == nil:
		index.There, header.There, cache.There = false, false, false
		index.Wrong, header.Wrong = missing, missing
	case f.headerGone:
		header.There, header.Wrong = false, missing
	case f.index.state == indexGone:
		index.There, index.Wrong = false, missing
	case f.index.state == indexCut || f.index.state == indexEmpty:
		index.Wrong = "its header is not one"
	default:
		if lost := f.uncachedLive(); lost > 0 {
			cache.Wrong = fmt.Sprintf("it does not tell of %d messages", lost)
		}
	}
	return []target.Database{cache, header, index}
}

// uncachedLive counts the messages of which cyrus.cache tells nothing any more.
func (f *folder) uncachedLive() int {
	lost := 0
	for i := range f.index.records {
		if r := &f.index.records[i]; !r.expunged && f.uncached[r.uid] {
			lost++
		}
	}
	return lost
}
