package restore

import (
	"context"
	"fmt"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// FreezeApart reads a rescued server and the one that serves, where nobody knows more of
// their pair. Accounts are asked for as an administrator, so that nobody is logged in.
// Nothing is changed.
func FreezeApart(ctx context.Context, clock target.Clock, executor target.Executor, rescued, serving target.Server, accounts []string) (*Freeze, error) {
	sides := []*FrozenSide{{Server: rescued.Name(), Role: target.RoleRescued}, {Server: serving.Name(), Role: target.RoleServing}}
	freeze := &Freeze{TakenAt: clock.Now().UTC(), Sides: map[target.ServerName]*FrozenSide{}}
	var tasks []func(context.Context) error
	for i, server := range []target.Server{rescued, serving} {
		freeze.Sides[server.Name()] = sides[i]
		tasks = append(tasks, func(ctx context.Context) error {
			if err := sides[i].readApart(ctx, executor, server, accounts); err != nil {
				return fmt.Errorf("freezing the index of %s: %w", server.Name(), err)
			}
			return nil
		})
	}
	if err := executor.Run(ctx, tasks...); err != nil {
		return nil, err
	}
	return freeze, nil
}

// readApart is [FrozenSide.read] by the administrator's list, where the server can be read by
// that: then no mailbox is opened twice.
func (s *FrozenSide) readApart(ctx context.Context, executor target.Executor, server target.Server, accounts []string) error {
	reader, can := server.Index().(target.ListingReader)
	if !can {
		return s.read(ctx, executor, server, accounts, listedByAdministrator)
	}
	listings, err := reader.Listings(ctx, accounts)
	if err != nil {
		return err
	}
	byListing := func(ctx context.Context, account string) (snap target.Snapshot, noMeta bool, err error) {
		snap = target.Snapshot{Server: server.Name(), Account: account, Level: target.LevelIndex}
		listing := listings[account]
		if snap.Mailboxes, err = reader.MailboxesListed(ctx, account, listing); diedOf(err) {
			snap.Mailboxes, err = eachReadable(ctx, server, account, ownMail(listing.Own))
		}
		if err != nil {
			return snap, false, err
		}
		if snap.Meta, err = reader.MetaListed(ctx, account, listing); diedOf(err) {
			return snap, true, nil
		}
		return snap, false, err
	}
	if err := s.readEach(ctx, executor, accounts, byListing); err != nil {
		return err
	}
	suspects := s.unread(accounts, func(account string) []string { return ownMail(listings[account].Own) })
	if len(suspects) == 0 {
		return nil
	}
	listed, err := listedByAdministrator(ctx, server, suspects) // some may have been deleted or renamed meanwhile
	s.Unreadable = map[string][]string{}
	s.unread(suspects, func(account string) []string { return listed[account] })
	return err
}

func listedByAdministrator(ctx context.Context, server target.Server, accounts []string) (listed map[string][]string, err error) {
	if reader, ok := server.User().(target.ListReader); ok {
		listed, err = reader.ListedOf(ctx, accounts)
	} else {
		listed, err = eachListed(ctx, accounts, server.User().Listed)
	}
	for account, names := range listed {
		listed[account] = ownMail(names)
	}
	return listed, err
}

// ownMail returns those of an account's mailboxes that hold mail.
func ownMail(names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !target.IsOwn(name) || !target.IsMail(name) })
}
