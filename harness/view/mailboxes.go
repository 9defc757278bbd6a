package view

import (
	"context"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/wire"
)

// CreateMailbox makes a mailbox.
func (s session) CreateMailbox(ctx context.Context, mailbox string) error {
	return s.client.Create(ctx, mailbox)
}

// RenameMailbox renames a mailbox and those below it.
func (s session) RenameMailbox(ctx context.Context, from, to string) error {
	return s.client.Rename(ctx, from, to)
}

// DeleteMailbox removes a mailbox.
func (s session) DeleteMailbox(ctx context.Context, mailbox string) error {
	return s.client.Delete(ctx, mailbox)
}

// Subscribe adds the mailbox to the subscriptions, or takes it out.
func (s session) Subscribe(ctx context.Context, mailbox string, subscribed bool) error {
	if subscribed {
		return s.client.Subscribe(ctx, mailbox)
	}
	return s.client.Unsubscribe(ctx, mailbox)
}

// SetACL sets one identifier's rights.
func (s session) SetACL(ctx context.Context, mailbox, identifier, rights string) error {
	return s.client.SetACL(ctx, mailbox, identifier, rights)
}

// SetAnnotation sets an annotation.
func (s session) SetAnnotation(ctx context.Context, mailbox, entry, value string) error {
	return s.client.SetAnnotation(ctx, mailbox, entry, value)
}

// Subscriptions returns the subscribed mailboxes' names, sorted.
func (s session) Subscriptions(ctx context.Context) ([]string, error) {
	names, err := s.client.Subscriptions(ctx)
	slices.Sort(names)
	return names, err
}

// Settings reads ACL, annotations and quota.
func (s session) Settings(ctx context.Context, mailbox string) (target.Settings, error) {
	told, err := s.client.Settings(ctx, mailbox, target.Annotations()...)
	if err != nil {
		return target.Settings{}, err
	}
	var acl []string
	for identifier, rights := range told.ACL {
		acl = append(acl, identifier+" "+rights)
	}
	slices.Sort(acl)
	return target.Settings{ACL: strings.Join(acl, ", "), Annotations: told.Annotations, StorageKiB: told.StorageKiB}, nil
}

// Status reads a mailbox's counters.
func (s session) Status(ctx context.Context, mailbox string) (target.Counters, error) {
	told, err := s.client.Status(ctx, mailbox, "MESSAGES", "UIDVALIDITY", "UIDNEXT", "HIGHESTMODSEQ")
	if err != nil {
		return target.Counters{}, err
	}
	return target.Counters{
		Messages: uint32(told["MESSAGES"]), UIDValidity: uint32(told["UIDVALIDITY"]), UIDNext: uint32(told["UIDNEXT"]), HighestModSeq: told["HIGHESTMODSEQ"],
	}, nil
}

// SetQuota sets the limit of the account's quota root, as the administrator.
func (u *userView) SetQuota(ctx context.Context, account string, storageKiB int64) error {
	admin, err := u.server.imap(ctx, "")
	if err != nil {
		return err
	}
	defer func() { _ = admin.Close() }()
	return admin.SetQuota(ctx, "user/"+account, storageKiB)
}

// Listed asks for the account's mailboxes as the administrator.
func (u *userView) Listed(ctx context.Context, account string) ([]string, error) {
	listed, err := u.ListedOf(ctx, []string{account})
	return listed[account], err
}

// manyListed is from how many accounts on the whole list is asked for at once. Whatever it is
// asked for, Cyrus goes through all mailboxes that it has; to name them all takes four times
// as long as that.
const manyListed = 5

// ListedOf implements [target.ListReader].
func (u *userView) ListedOf(ctx context.Context, accounts []string) (map[string][]string, error) {
	var listed map[string][]string
	err := u.admins.ask(ctx, func(admin *wire.IMAP) (err error) {
		listed = make(map[string][]string, len(accounts))
		if len(accounts) >= manyListed {
			for _, account := range accounts {
				listed[account] = []string{}
			}
			return listAll(ctx, admin, listed)
		}
		for _, account := range accounts {
			if listed[account], err = listOf(ctx, admin, account); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return listed, nil
}

// accountsRoot begins the names by which an administrator knows accounts' mailboxes.
const accountsRoot = "user/"

// listOf asks for one account's mailboxes.
func listOf(ctx context.Context, admin *wire.IMAP, account string) ([]string, error) {
	root := accountsRoot + account
	listed, err := admin.List(ctx, root, root+"/*")
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(listed))
	for _, mailbox := range listed {
		if rest, ok := strings.CutPrefix(mailbox.Name, root); ok && isThere(mailbox) {
			names = append(names, "INBOX"+rest)
		}
	}
	slices.Sort(names)
	return names, nil
}

// listAll asks for all mailboxes, and fills in those of the accounts that are in listed.
func listAll(ctx context.Context, admin *wire.IMAP, listed map[string][]string) error {
	all, err := admin.List(ctx, accountsRoot+"*")
	if err != nil {
		return err
	}
	for _, mailbox := range all {
		rest, ok := strings.CutPrefix(mailbox.Name, accountsRoot)
		account, _, _ := strings.Cut(rest, "/")
		if names, asked := listed[account]; ok && asked && isThere(mailbox) {
			listed[account] = append(names, "INBOX"+rest[len(account):])
		}
	}
	for _, names := range listed {
		slices.Sort(names)
	}
	return nil
}

// isThere says whether what is listed is more than a node above mailboxes.
func isThere(mailbox wire.Mailbox) bool { return !slices.Contains(mailbox.Attributes, `\NonExistent`) }

// Accounts asks for all INBOXes as the administrator.
func (u *userView) Accounts(ctx context.Context) ([]string, error) {
	var listed []wire.Mailbox
	err := u.admins.ask(ctx, func(admin *wire.IMAP) (err error) {
		listed, err = admin.List(ctx, accountsRoot+"%")
		return err
	})
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(listed))
	for _, mailbox := range listed {
		if name, ok := strings.CutPrefix(mailbox.Name, accountsRoot); ok && isThere(mailbox) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}
