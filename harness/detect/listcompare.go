package detect

import (
	"context"
	"fmt"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// ListCompare compares which accounts and mailboxes two servers have, by the list that
// an administrator is shown. A server that has lost its list, or entries of it, says so
// nowhere: users are gone in silence, and the next login may make them anew, empty.
//
// Why a mailbox is on one list alone is told by the indexes, as far as they tell: one
// that the other side has under another name, or keeps as deleted by its user.
type ListCompare struct{}

// Name implements [Detector].
func (ListCompare) Name() string { return "list-compare" }

// Doc implements [Detector].
func (ListCompare) Doc() string {
	return "compares the accounts and mailboxes that an administrator's LIST shows on both sides"
}

// Promise implements [Detector].
func (ListCompare) Promise() Promise {
	return atOnce(target.AccountMissing, target.MailboxMissing, target.DeletionMissing, target.MailboxNameDiffers)
}

// Detect implements [Detector]. It looks at the scene's accounts, and at all others that
// either side has, unless those are looked at by somebody else.
func (d ListCompare) Detect(ctx context.Context, scene Scene) ([]Finding, error) {
	servers, err := scene.Servers()
	if err != nil {
		return nil, err
	}
	if !scene.Partial {
		if scene.Accounts, err = everyAccount(ctx, scene.Accounts, servers); err != nil {
			return nil, err
		}
	}
	return scene.eachSettled(ctx, d.Name(), func(ctx context.Context, account string) ([]Finding, error) {
		l := listing{account: account, servers: servers, master: scene.Master}
		if err := l.compare(ctx); err != nil {
			return nil, fmt.Errorf("comparing the lists of mailboxes of %s: %w", account, err)
		}
		return l.found, nil
	})
}

// everyAccount returns the accounts that are known, and then all others that a server has.
func everyAccount(ctx context.Context, known []string, servers [2]target.Server) ([]string, error) {
	all := slices.Clone(known)
	for _, server := range servers {
		accounts, err := server.User().Accounts(ctx)
		if err != nil {
			return nil, fmt.Errorf("listing the accounts of %s: %w", server.Name(), err)
		}
		all = append(all, accounts...)
	}
	others := slices.Sorted(slices.Values(all[len(known):]))
	others = slices.DeleteFunc(slices.Compact(others), func(account string) bool { return slices.Contains(known, account) })
	return append(slices.Clone(known), others...), nil
}

// listing is one account on two servers' lists.
type listing struct {
	account string
	servers [2]target.Server
	master  target.ServerName
	lists   [2][]string
	indexed [2][]target.Mailbox // of an account whose lists differ; what cannot be read is left out
	deleted [2][]string         // unique IDs of deleted mailboxes, of the same
	found   []Finding
}

func (l *listing) compare(ctx context.Context) error {
	for i, server := range l.servers {
		names, err := server.User().Listed(ctx, l.account)
		if err != nil {
			return err
		}
		// Whoever asks for scripts makes the mailbox that holds them.
		l.lists[i] = slices.DeleteFunc(names, func(name string) bool { return !target.IsMail(name) })
	}
	if len(l.lists[0])+len(l.lists[1]) == 0 {
		l.goneOnBoth()
		return nil
	}
	if slices.Equal(l.lists[0], l.lists[1]) {
		return nil
	}
	if err := l.readIndexes(ctx); err != nil {
		return err
	}
	for has := range l.lists {
		switch lacks := 1 - has; {
		case len(l.lists[has]) == 0:
		case len(l.lists[lacks]) == 0:
			l.missing(has, "INBOX", target.AccountMissing)
		default:
			for _, name := range l.lists[has] {
				if !slices.Contains(l.lists[lacks], name) {
					l.missing(has, name, target.MailboxMissing)
				}
			}
		}
	}
	return nil
}

// readIndexes reads what says why the lists differ. That a server refuses to tell is no
// reason to find nothing.
func (l *listing) readIndexes(ctx context.Context) (err error) {
	for i, server := range l.servers {
		var meta target.Meta
		l.indexed[i], err = server.Index().Mailboxes(ctx, l.account)
		if err == nil {
			meta, err = server.Index().Meta(ctx, l.account)
			l.deleted[i] = meta.Deleted
		}
		if _, refused := unreadableIndex(server, l.account, err); err != nil && !refused {
			return err
		}
	}
	return nil
}

func (l *listing) find(kind target.Kind, on int, mailbox string, right target.ServerName, format string, args ...any) {
	l.found = append(l.found, Finding{
		Kind: kind, Right: right, Evidence: fmt.Sprintf(format, args...),
		Place: target.Place{Server: l.servers[on].Name(), Account: l.account, Mailbox: mailbox},
	})
}

// goneOnBoth is about an account that was to be looked at, and that nobody has.
func (l *listing) goneOnBoth() {
	for i := range l.servers {
		l.find(target.AccountMissing, i, "", "", "neither side has a mailbox of it")
	}
}

// missing is about a mailbox, or with its INBOX a whole account, that one side alone has
// on its list.
func (l *listing) missing(has int, name string, kind target.Kind) {
	lacks := 1 - has
	here, other := l.servers[has].Name(), l.servers[lacks].Name()
	id, known := idOf(l.indexed[has], name)
	at := name
	if kind == target.AccountMissing {
		at = ""
	}
	renamed, elsewhere := nameOf(l.indexed[lacks], id)
	switch {
	case known && elsewhere && slices.Contains(l.lists[lacks], renamed):
		l.renamed(has, name, renamed)
	case known && slices.Contains(l.deleted[lacks], id):
		l.find(target.DeletionMissing, has, at, other, "%s keeps it as deleted by its user", other)
	case l.master == other:
		l.find(kind, lacks, at, "", "%s lists it; %s, which was master, neither lists it nor keeps it as deleted: deleted and expired, or lost", here, other)
	default:
		l.find(kind, lacks, at, here, "%s lists it", here)
	}
}

// renamed is about one mailbox under two names, each of which one side alone lists. It is
// told once: under the master's name, or the first side's where nobody knows.
func (l *listing) renamed(has int, here, there string) {
	wrong := wrongSide(l.servers[0].Name(), l.servers[1].Name(), l.master)
	if l.servers[has].Name() == wrong {
		return
	}
	l.find(target.MailboxNameDiffers, 1-has, here, l.master, "%s lists it so, and %s as %q", l.servers[has].Name(), wrong, there)
}

func idOf(mailboxes []target.Mailbox, name string) (id string, ok bool) {
	for i := range mailboxes {
		if mailboxes[i].Name == name {
			return mailboxes[i].UniqueID, true
		}
	}
	return "", false
}

func nameOf(mailboxes []target.Mailbox, id string) (name string, ok bool) {
	for i := range mailboxes {
		if mailboxes[i].UniqueID == id {
			return mailboxes[i].Name, true
		}
	}
	return "", false
}
