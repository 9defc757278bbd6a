package view

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/mailboxname"
	"github.com/cyrdrill/cyrdrill/harness/wire"
)

// Listings implements [target.ListingReader].
func (x *indexView) Listings(ctx context.Context, accounts []string) (map[string]target.Listing, error) {
	listings := make(map[string]target.Listing, len(accounts))
	err := x.admins.ask(ctx, func(admin *wire.IMAP) error {
		if len(accounts) >= manyListed {
			return listWhole(ctx, admin, accounts, listings)
		}
		for _, account := range accounts {
			listed, err := admin.List(ctx, wholeAccount(account)...)
			if err != nil {
				return err
			}
			listings[account] = listingOf(account, listed)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("listing mailboxes of %s: %w", x.server.name, err)
	}
	return listings, nil
}

// listWhole asks for all mailboxes, and fills in the listings of those accounts.
func listWhole(ctx context.Context, admin *wire.IMAP, accounts []string, listings map[string]target.Listing) error {
	all, err := admin.List(ctx, accountsRoot+"*", mailboxname.ExternalDeleted+accountsRoot+"*")
	if err != nil {
		return err
	}
	of := map[string][]wire.Mailbox{}
	for _, mailbox := range all {
		account, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(mailbox.Name, mailboxname.ExternalDeleted), accountsRoot), "/")
		of[account] = append(of[account], mailbox)
	}
	for _, account := range accounts {
		listings[account] = listingOf(account, of[account])
	}
	return nil
}

func listingOf(account string, listed []wire.Mailbox) target.Listing {
	var of target.Listing
	for _, mailbox := range listed {
		if !isThere(mailbox) {
			continue
		}
		if rest, ok := strings.CutPrefix(mailbox.Name, accountsRoot+account); ok {
			of.Own = append(of.Own, "INBOX"+rest)
		} else {
			of.Deleted = append(of.Deleted, mailboxname.FromExternal(mailbox.Name))
		}
	}
	slices.Sort(of.Own)
	slices.Sort(of.Deleted)
	return of
}

// MailboxesListed implements [target.ListingReader] by GET FULLMAILBOX of each mailbox: GET
// USER would open each once more before.
func (x *indexView) MailboxesListed(ctx context.Context, account string, listed target.Listing) ([]target.Mailbox, error) {
	var mailboxes []target.Mailbox
	for _, name := range listed.Own {
		if !target.IsMail(name) {
			continue
		}
		full, there, err := x.readListed(ctx, mailboxname.Internal(account, name))
		var mailbox target.Mailbox
		if err == nil && there {
			mailbox, err = indexMailbox(account, full)
		}
		switch {
		case err != nil:
			return nil, fmt.Errorf("index view of %s of %s on %s: %w", name, account, x.server.name, err)
		case there && full.Type == "": // else it is none of mail, as calendars are
			mailboxes = append(mailboxes, mailbox)
		}
	}
	return mailboxes, nil
}

// MetaListed implements [target.ListingReader].
func (x *indexView) MetaListed(ctx context.Context, account string, listed target.Listing) (target.Meta, error) {
	exists := len(listed.Own)+len(listed.Deleted) > 0
	meta, err := x.meta(ctx, account, func(*wire.Sync) (bool, error) { return exists, nil })
	if err != nil || len(listed.Deleted) == 0 {
		return meta, err
	}
	var deleted []wire.SyncMailbox
	err = x.ask(ctx, func(s *wire.Sync) (err error) {
		deleted, err = s.Mailboxes(ctx, listed.Deleted)
		return err
	})
	if err != nil {
		return target.Meta{}, fmt.Errorf("index view of what belongs to %s on %s: %w", account, x.server.name, err)
	}
	meta.Deleted = deletedAmong(deleted)
	return meta, nil
}

// readListed reads one mailbox whole. One that is not there any more, or cannot be opened, is
// refused, and GET MAILBOXES tells nothing of it.
func (x *indexView) readListed(ctx context.Context, name string) (full wire.SyncMailbox, there bool, err error) {
	err = x.ask(ctx, func(s *wire.Sync) (err error) {
		full, err = s.FullMailbox(ctx, name)
		return err
	})
	if !isNo(err) {
		return full, true, err
	}
	var told []wire.SyncMailbox
	asked := x.ask(ctx, func(s *wire.Sync) (err error) {
		told, err = s.Mailboxes(ctx, []string{name})
		return err
	})
	if asked != nil || len(told) > 0 {
		return full, false, err
	}
	return full, false, nil
}
