package view

import (
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/wire"
)

// Admin makes and removes accounts, each time over a connection of its own.
type Admin struct{ server server }

// allRights are what a mailbox's owner has, and an administrator has not.
const allRights = "lrswipkxtecda"

// CreateAccount makes the account's INBOX.
func (a *Admin) CreateAccount(ctx context.Context, account string) error {
	return a.do(ctx, "creating", account, func(admin *wire.Admin) error {
		return admin.Create(ctx, "user/"+account)
	})
}

// DeleteAccount removes the account with all of its mailboxes. With
// delete_mode delayed, Cyrus keeps them under DELETED/ until they expire.
func (a *Admin) DeleteAccount(ctx context.Context, account string) error {
	return a.do(ctx, "deleting", account, func(admin *wire.Admin) error {
		// An administrator may not delete what the ACL does not let go.
		if err := admin.SetACL(ctx, "user/"+account, a.server.creds.Admin, allRights); err != nil {
			return err
		}
		return admin.Delete(ctx, "user/"+account)
	})
}

func (a *Admin) do(ctx context.Context, doing, account string, act func(*wire.Admin) error) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s account %s on %s: %w", doing, account, a.server.name, err)
		}
	}()
	conn, peer, err := a.server.dial(ctx, IMAP)
	if err != nil {
		return err
	}
	admin, err := wire.NewAdmin(ctx, conn, peer, a.server.login(""))
	if err != nil {
		return err
	}
	defer func() { _ = admin.Close() }()
	return act(admin)
}
