package view

import (
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/wire"
)

// Admin makes and removes accounts, each call over a connection of its own.
type Admin struct{ server server }

// allRights are what a mailbox's owner has, and an administrator has not.
const allRights = "lrswipkxtecda"

// CreateAccounts makes the accounts' INBOXes.
func (a *Admin) CreateAccounts(ctx context.Context, accounts ...string) error {
	return a.do(ctx, "creating", accounts, func(admin *wire.Admin, account string) error {
		return admin.Create(ctx, "user/"+account)
	})
}

// DeleteAccount removes the account with all of its mailboxes. With
// delete_mode delayed, Cyrus keeps them under DELETED/ until they expire.
func (a *Admin) DeleteAccount(ctx context.Context, account string) error {
	return a.do(ctx, "deleting", []string{account}, func(admin *wire.Admin, account string) error {
		// An administrator may not delete what the ACL does not let go.
		if err := admin.SetACL(ctx, "user/"+account, a.server.creds.Admin, allRights); err != nil {
			return err
		}
		return admin.Delete(ctx, "user/"+account)
	})
}

// Open gives the administrator all rights on the account's INBOX, so that he can read
// and write it himself: for tools that cannot act as somebody else.
func (a *Admin) Open(ctx context.Context, account string) error {
	return a.do(ctx, "opening", []string{account}, func(admin *wire.Admin, account string) error {
		return admin.SetACL(ctx, "user/"+account, a.server.creds.Admin, allRights)
	})
}

// do acts on each of the accounts, over one connection.
func (a *Admin) do(ctx context.Context, doing string, accounts []string, act func(admin *wire.Admin, account string) error) error {
	conn, peer, err := a.server.dial(ctx, IMAP)
	if err != nil {
		return fmt.Errorf("%s accounts on %s: %w", doing, a.server.name, err)
	}
	admin, err := wire.NewAdmin(ctx, conn, peer, a.server.login(""))
	if err != nil {
		return fmt.Errorf("%s accounts on %s: %w", doing, a.server.name, err)
	}
	defer func() { _ = admin.Close() }()
	for _, account := range accounts {
		if err := act(admin, account); err != nil {
			return fmt.Errorf("%s account %s on %s: %w", doing, account, a.server.name, err)
		}
	}
	return nil
}
