package sim

import (
	"maps"
	"slices"
)

// batch is the part of the log that sync_client has taken, as it works it off:
// first the mailboxes, account by account, then what else there is, in an order
// of its own. What fails as a mailbox is tried again as an account; what fails
// as an account ends the process, with the batch still there.
type batch struct {
	todo []errand
	at   int
}

// errand is one thing that a batch does.
type errand struct {
	kind     errandKind
	account  string
	mailbox  string
	together []string // the mailboxes of one account, for errandMailboxes
}

// errandKind orders the tasks of a batch.
type errandKind int

const (
	errandMailboxes errandKind = iota
	errandQuota
	errandSeen
	errandSubscription
	errandUnmailbox
	errandMeta
	errandUser
	errandUnuser
)

// newBatch reads the lines of a log. Accounts come in the order of a hash table, whose
// seed Cyrus draws.
func newBatch(list *mailboxList, entries []logEntry, shuffle func(n int, swap func(i, j int))) *batch {
	b := &batch{}
	together := map[string][]string{}
	for _, e := range entries {
		switch e.kind {
		case "APPEND", "MAILBOX":
			account := ownerOf(e.first)
			together[account] = addMailbox(together[account], list, e.first)
		case "DOUBLEMAILBOX", "RENAME":
			for _, account := range []string{ownerOf(e.first), ownerOf(e.second)} {
				together[account] = addMailbox(together[account], list, e.first)
				together[account] = addMailbox(together[account], list, e.second)
			}
		case "QUOTA":
			b.add(errand{kind: errandQuota, account: ownerOf(e.first)})
		case "SEEN":
			b.add(errand{kind: errandSeen, account: e.first, mailbox: e.second})
		case "SUB":
			b.add(errand{kind: errandSubscription, account: e.first, mailbox: e.second})
		case "UNMAILBOX":
			b.add(errand{kind: errandUnmailbox, mailbox: e.first})
		case "META":
			b.add(errand{kind: errandMeta, account: e.first})
		case "USER":
			b.add(errand{kind: errandUser, account: e.first})
		case "UNUSER":
			b.add(errand{kind: errandUnuser, account: e.first})
		}
	}
	accounts := slices.Sorted(maps.Keys(together))
	shuffle(len(accounts), func(i, j int) { accounts[i], accounts[j] = accounts[j], accounts[i] })
	for _, account := range accounts {
		b.add(errand{kind: errandMailboxes, account: account, together: together[account]})
	}
	return b
}

// addMailbox adds a mailbox's name and those that it had before: by them the replica's
// copy is found.
func addMailbox(names []string, list *mailboxList, name string) []string {
	names = add(names, name)
	if e := list.find(name); e != nil {
		names = add(names, e.formerNames...)
	}
	return names
}

func add(names []string, more ...string) []string {
	for _, name := range more {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// add puts a task in its place, unless it is there.
func (b *batch) add(t errand) {
	same := func(o errand) bool { return o.kind == t.kind && o.account == t.account && o.mailbox == t.mailbox }
	if slices.ContainsFunc(b.todo[b.at:], same) {
		return
	}
	at := len(b.todo)
	for at > b.at && b.todo[at-1].kind > t.kind {
		at--
	}
	b.todo = slices.Insert(b.todo, at, t)
}

// next does the batch's next task, and says whether there are more.
func (b *batch) next(c *replication) (more bool, err error) {
	if b.at == len(b.todo) {
		return false, nil
	}
	t := b.todo[b.at]
	b.at++
	return b.at < len(b.todo), b.do(c, t)
}

func (b *batch) do(c *replication, t errand) error {
	switch t.kind {
	case errandMailboxes:
		err := c.mailboxes(t.together)
		if err == nil || err == syncCrash || t.account == "" {
			return err
		}
		c.master.logf("sync_client:   Promoting: MAILBOX %s -> USER %s", t.together[0], t.account)
		if err == syncServerCrash || err == syncAborted {
			return err // for RESTART, which comes next, nobody answers
		}
		b.add(errand{kind: errandUser, account: t.account})
		return nil
	case errandQuota:
		return c.quota(t.account)
	case errandSeen:
		return c.seen(t.account, t.mailbox)
	case errandSubscription:
		c.subscription(t.account, t.mailbox)
	case errandUnmailbox:
		return c.unmailbox(t.mailbox)
	case errandMeta:
		return c.meta(t.account)
	case errandUser:
		return c.user(t.account)
	case errandUnuser:
		return c.unuser(t.account)
	}
	return nil
}

// bytes returns how many bytes of messages the next task sends, about.
func (b *batch) bytes(master, replica *server) int {
	if b.at == len(b.todo) {
		return 0
	}
	mailboxes := b.todo[b.at].together
	if b.todo[b.at].kind == errandUser {
		for _, e := range master.disk.list.ofAccount(b.todo[b.at].account) {
			mailboxes = append(mailboxes, e.name)
		}
	}
	sum := 0
	for _, name := range mailboxes {
		here, there := master.disk.list.find(name), replica.disk.list.find(name)
		if here == nil || master.disk.folder(here) == nil {
			continue
		}
		known := uint32(0)
		if there != nil && replica.disk.folder(there) != nil {
			known = replica.disk.folder(there).index.lastUID
		}
		for _, r := range master.disk.folder(here).index.records {
			if r.uid > known {
				sum += int(r.size)
			}
		}
	}
	return sum
}
