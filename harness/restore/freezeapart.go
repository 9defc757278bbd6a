package restore

import (
	"context"
	"fmt"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Lists are what two servers list of accounts. Of each list Cyrus goes through all mailboxes
// that it has, so it is asked for once for many accounts.
type Lists struct{ Rescued, Serving map[string]target.Listing }

// ListApart asks a rescued server and the one that serves for their lists.
func ListApart(ctx context.Context, executor target.Executor, rescued, serving target.Server, accounts []string) (lists Lists, err error) {
	list := func(server target.Server, into *map[string]target.Listing) func(context.Context) error {
		return func(ctx context.Context) (err error) {
			reader, can := server.Index().(target.ListingReader)
			if !can {
				return &target.UnsupportedError{Target: string(server.Name()), What: "reading accounts by the list of mailboxes"}
			}
			*into, err = reader.Listings(ctx, accounts)
			return err
		}
	}
	err = executor.Run(ctx, list(rescued, &lists.Rescued), list(serving, &lists.Serving))
	return lists, err
}

// FreezeApart reads a rescued server and the one that serves, where nobody knows more of
// their pair, by their lists. Accounts are asked for as an administrator, so that nobody is
// logged in. Nothing is changed.
func FreezeApart(ctx context.Context, clock target.Clock, executor target.Executor, rescued, serving target.Server, accounts []string, lists Lists) (*Freeze, error) {
	sides := []*FrozenSide{{Server: rescued.Name(), Role: target.RoleRescued}, {Server: serving.Name(), Role: target.RoleServing}}
	freeze := &Freeze{TakenAt: clock.Now().UTC(), Sides: map[target.ServerName]*FrozenSide{}}
	var tasks []func(context.Context) error
	for i, server := range []target.Server{rescued, serving} {
		freeze.Sides[server.Name()] = sides[i]
		listings := []map[string]target.Listing{lists.Rescued, lists.Serving}[i]
		tasks = append(tasks, func(ctx context.Context) error {
			if err := sides[i].readListed(ctx, executor, server, accounts, listings); err != nil {
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

// readListed is [FrozenSide.read] by the list of mailboxes: no mailbox is opened twice. An
// account of which something on the list cannot be opened is listed once more, and read anew
// where that has changed: a mailbox may have been deleted or renamed meanwhile.
func (s *FrozenSide) readListed(ctx context.Context, executor target.Executor, server target.Server, accounts []string, listings map[string]target.Listing) error {
	reader := server.Index().(target.ListingReader)
	now := make([]target.Listing, len(accounts)) // side by side, each its own
	at := map[string]int{}
	for i, account := range accounts {
		now[i], at[account] = listings[account], i
	}
	err := s.readEach(ctx, executor, accounts, func(ctx context.Context, account string) (snap target.Snapshot, noMeta bool, err error) {
		snap, noMeta, err = snapshotListed(ctx, server, reader, account, now[at[account]])
		if err != nil || len(snap.Mailboxes) == len(ownMail(now[at[account]].Own)) {
			return snap, noMeta, err
		}
		again, err := reader.Listings(ctx, []string{account})
		if err != nil || slices.Equal(again[account].Own, now[at[account]].Own) {
			return snap, noMeta, err
		}
		now[at[account]] = again[account]
		return snapshotListed(ctx, server, reader, account, again[account])
	})
	if err == nil {
		s.unread(accounts, func(account string) []string { return ownMail(now[at[account]].Own) })
	}
	return err
}

// snapshotListed reads one account by its listing.
func snapshotListed(ctx context.Context, server target.Server, reader target.ListingReader, account string, listing target.Listing) (snap target.Snapshot, noMeta bool, err error) {
	snap = target.Snapshot{Server: server.Name(), Account: account, Level: target.LevelIndex}
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

// ownMail returns those of an account's mailboxes that hold mail.
func ownMail(names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !target.IsOwn(name) || !target.IsMail(name) })
}
