package sim

import (
	"slices"
	"strconv"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target/mailboxname"
)

// entryKind is what an entry of the list of mailboxes stands for.
type entryKind int

const (
	entryMail      entryKind = iota
	entrySieve               // holds an account's scripts
	entryTombstone           // of a mailbox that was deleted, or that has another name now
)

// entry is one entry of a server's list of mailboxes.
type entry struct {
	name          string // internal
	kind          entryKind
	uniqueID      string
	acl           acl
	uidValidity   uint32
	createdModSeq uint64
	folderModSeq  uint64
	formerNames   []string
	home          home
	owned         ownedBy
	shown         shownName
	shownACL      shownACL
	shownCRC      shownCRC
}

// ownedBy is the account to which the mailbox of an internal name belongs. Every look at
// a mailbox asks for it, because of its rights.
type ownedBy struct{ internal, account string }

// owner returns the account to which the mailbox belongs; empty for none.
func (e *entry) owner() string {
	if e.owned.internal != e.name {
		e.owned = ownedBy{e.name, ownerOf(e.name)}
	}
	return e.owned.account
}

// shownName is what an account calls the mailbox of an internal name. To work it
// out for each look at each mailbox would be most of what looking costs.
type shownName struct{ account, internal, name string }

// shownTo returns what an account calls the mailbox.
func (e *entry) shownTo(account string) (string, error) {
	if e.shown.internal == e.name && e.shown.account == account {
		return e.shown.name, nil
	}
	name, err := mailboxname.Owner(account, e.name)
	if err != nil {
		return "", err
	}
	e.shown = shownName{account, e.name, name}
	return name, nil
}

// shownACL is what the index view tells of certain rights.
type shownACL struct {
	of   acl
	text string
}

// aclText renders rights that the mailbox has. They are never changed in place, so
// what was rendered once holds as long as they are the very same.
func (e *entry) aclText(rights acl) string {
	if of := e.shownACL.of; len(rights) == 0 || len(of) != len(rights) || &of[0] != &rights[0] {
		e.shownACL = shownACL{rights, rights.String()}
	}
	return e.shownACL.text
}

// shownCRC is a checksum as the index view tells it.
type shownCRC struct {
	of   uint32
	text string
}

// crcText renders the mailbox's checksum, which seldom changes between two looks.
func (e *entry) crcText(crc uint32) string {
	if e.shownCRC.text == "" || e.shownCRC.of != crc {
		e.shownCRC = shownCRC{crc, strconv.FormatUint(uint64(crc), 10)}
	}
	return e.shownCRC.text
}

// mailboxList is mailboxes.db: entries in order of their names.
type mailboxList struct {
	entries  []*entry
	named    map[string]*entry            // the same by name
	accounts map[string]belongings        // by account, of whom somebody has asked; nil: the list has changed since
	visible  map[string][]string          // by user, of whom somebody has asked; nil: the list or its rights have changed since
	known    map[string]map[string]string // what [mailboxname.Internal] says, by account and name
	file     listFile                     // what is written of it
	// unreadable: nothing of the file can be read. It has no entries then.
	unreadable bool
	lost       map[string]*entry // by name: entries that are gone, of mailboxes whose directory is not
}

// belongings are an account's mailboxes, INBOX first, and deleted ones that are still
// kept. They are asked for far more often than they change.
type belongings struct{ all, deleted []*entry }

// internal returns the internal name of what an account calls so.
func (l *mailboxList) internal(account, name string) string {
	names := l.known[account]
	if internal, ok := names[name]; ok {
		return internal
	}
	if names == nil {
		if l.known == nil {
			l.known = map[string]map[string]string{}
		}
		names = map[string]string{}
		l.known[account] = names
	}
	names[name] = mailboxname.Internal(account, name)
	return names[name]
}

// owned returns the mailbox that an account calls so, or nil.
func (l *mailboxList) owned(account, name string) *entry { return l.find(l.internal(account, name)) }

func (l *mailboxList) at(name string) (int, bool) {
	return slices.BinarySearchFunc(l.entries, name, func(e *entry, name string) int { return strings.Compare(e.name, name) })
}

// any returns the entry of that name, a tombstone as well, or nil.
func (l *mailboxList) any(name string) *entry { return l.named[name] }

// find returns the mailbox of that name, or nil.
func (l *mailboxList) find(name string) *entry {
	if e := l.any(name); e != nil && e.kind != entryTombstone {
		return e
	}
	return nil
}

// shownTo returns what an account calls the mailbox of an internal name, whether or not
// there is one.
func (l *mailboxList) shownTo(account, internal string) (string, error) {
	if e := l.find(internal); e != nil {
		return e.shownTo(account)
	}
	return mailboxname.Owner(account, internal)
}

// findID returns the mailbox of that unique ID, or nil.
func (l *mailboxList) findID(uniqueID string) *entry {
	for _, e := range l.entries {
		if e.uniqueID == uniqueID && e.kind != entryTombstone {
			return e
		}
	}
	return nil
}

// put adds the entry, in the place of the one that has its name.
func (l *mailboxList) put(e *entry) {
	l.place(e)
	l.rewrote(e)
}

// place is put, before anything is written of it.
func (l *mailboxList) place(e *entry) {
	i, ok := l.at(e.name)
	if ok {
		l.entries[i] = e
	} else {
		l.entries = slices.Insert(l.entries, i, e)
	}
	if l.named == nil {
		l.named = map[string]*entry{}
	}
	l.named[e.name] = e
	l.changed()
}

func (l *mailboxList) remove(name string) {
	if e := l.any(name); e != nil {
		l.drop(name)
		l.file.remove(e)
	}
}

// drop is remove, before anything is written of it.
func (l *mailboxList) drop(name string) {
	if i, ok := l.at(name); ok {
		l.entries = slices.Delete(l.entries, i, i+1)
		delete(l.named, name)
		l.changed()
	}
}

// below returns the mailboxes whose names begin so, in order.
func (l *mailboxList) below(prefix string) []*entry { return l.appendBelow(nil, prefix) }

func (l *mailboxList) appendBelow(found []*entry, prefix string) []*entry {
	for i, _ := l.at(prefix); i < len(l.entries) && strings.HasPrefix(l.entries[i].name, prefix); i++ {
		if l.entries[i].kind != entryTombstone {
			found = append(found, l.entries[i])
		}
	}
	return found
}

// usualMailboxes is how many an account has, or a few more.
const usualMailboxes = 12

// ofAccount returns the account's mailboxes, INBOX first, deleted ones that are
// still kept last. They are the caller's to read alone.
func (l *mailboxList) ofAccount(account string) []*entry { return l.belongings(account).all }

// deletedOf returns the account's deleted mailboxes that are still kept, to be read alone.
func (l *mailboxList) deletedOf(account string) []*entry { return l.belongings(account).deleted }

func (l *mailboxList) belongings(account string) belongings {
	if known, ok := l.accounts[account]; ok {
		return known
	}
	root := mailboxname.Internal(account, inbox)
	found := make([]*entry, 0, usualMailboxes)
	if e := l.find(root); e != nil {
		found = append(found, e)
	}
	found = l.appendBelow(found, root+".")
	alive := len(found)
	found = slices.Clip(l.appendBelow(found, mailboxname.InternalDeleted+root+"."))
	if l.accounts == nil {
		l.accounts = map[string]belongings{}
	}
	l.accounts[account] = belongings{found, found[alive:]}
	return l.accounts[account]
}

// visibleTo returns what the user calls the mailboxes that it can see, sorted, to be read
// alone.
func (l *mailboxList) visibleTo(user string) []string {
	if known, ok := l.visible[user]; ok {
		return known
	}
	names := make([]string, 0, usualMailboxes)
	for _, e := range l.entries {
		if e.kind != entryMail || isDeletedName(e.name) || !e.acl.allows(user, e.owner(), 'l') {
			continue
		}
		if name, err := e.shownTo(user); err == nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	if l.visible == nil {
		l.visible = map[string][]string{}
	}
	l.visible[user] = names
	return names
}

// grant sets the rights of a mailbox of the list.
func (l *mailboxList) grant(e *entry, rights acl) { e.acl, l.visible = rights, nil }

// changed drops what is kept of the list as it was.
func (l *mailboxList) changed() { l.accounts, l.visible = nil, nil }

func (l *mailboxList) hasChildren(name string) bool {
	prefix := name + "."
	for i, _ := l.at(prefix); i < len(l.entries) && strings.HasPrefix(l.entries[i].name, prefix); i++ {
		if l.entries[i].kind != entryTombstone {
			return true
		}
	}
	return false
}

func (l *mailboxList) clone() mailboxList {
	c := mailboxList{entries: make([]*entry, len(l.entries)), named: make(map[string]*entry, len(l.entries))}
	for i, e := range l.entries {
		copied := *e
		c.entries[i], c.named[e.name] = &copied, &copied
	}
	c.file = copiedListFile(c.entries)
	return c
}

func isDeletedName(name string) bool { return strings.HasPrefix(name, mailboxname.InternalDeleted) }

// ownerOf returns the account to which a mailbox belongs, by its internal name;
// empty for none.
func ownerOf(name string) string {
	rest, ok := strings.CutPrefix(strings.TrimPrefix(name, mailboxname.InternalDeleted), "user.")
	if !ok {
		return ""
	}
	account, _, _ := strings.Cut(rest, ".")
	return strings.ReplaceAll(account, "^", ".")
}

// parentOf returns the name of the mailbox above, or "" for none.
func parentOf(name string) string { return name[:max(0, strings.LastIndexByte(name, '.'))] }

// isInbox says whether it is the internal name of an account's INBOX.
func isInbox(name string) bool {
	return strings.HasPrefix(name, "user.") && strings.Count(name, ".") == 1
}
