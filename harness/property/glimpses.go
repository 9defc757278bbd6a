package property

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// ReadGlimpses lets each account look at each mailbox of each other one that holds
// mail, and asks its owner what its ACL says. It changes nothing. The error is ctx's.
func ReadGlimpses(ctx context.Context, pair target.Pair, server target.Server, accounts []string) ([]Glimpse, error) {
	owned, err := gather(ctx, pair.Executor(), accounts, func(ctx context.Context, account string) ([]Glimpse, error) {
		return readOwned(ctx, pair.Clock(), server, account), ctx.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("asking owners on %s what they share: %w", server.Name(), err)
	}
	seen, err := gather(ctx, pair.Executor(), accounts, func(ctx context.Context, account string) ([]Glimpse, error) {
		var of []Glimpse
		for _, owner := range accounts {
			if owner != account {
				of = append(of, owned[owner]...)
			}
		}
		return look(ctx, pair.Clock(), server, account, of), ctx.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("looking at others' mailboxes on %s: %w", server.Name(), err)
	}
	var all []Glimpse
	for _, account := range accounts {
		all = append(all, seen[account]...)
	}
	return all, nil
}

// readOwned returns an account's mailboxes, with their whole ACL for rights. One that
// cannot be read is another property's.
func readOwned(ctx context.Context, clock target.Clock, server target.Server, account string) []Glimpse {
	visit := &visitor{clock: clock, server: server, account: account}
	defer visit.close()
	listed, err := visit.list(ctx)
	if err != nil {
		return nil
	}
	var owned []Glimpse
	for _, name := range listed {
		if !target.IsOwn(name) || !target.IsMail(name) {
			continue
		}
		err := visit.ask(ctx, func(ctx context.Context, session target.Session) error {
			settings, err := session.Settings(ctx, name)
			if err == nil {
				_, err = session.Records(ctx, name)
			}
			if err == nil {
				owned = append(owned, Glimpse{Owner: account, Mailbox: name, Rights: settings.ACL})
			}
			return err
		})
		if err != nil && ctx.Err() != nil {
			break
		}
	}
	return owned
}

// look completes glimpses by what the account sees.
func look(ctx context.Context, clock target.Clock, server target.Server, account string, of []Glimpse) []Glimpse {
	visit := &visitor{clock: clock, server: server, account: account}
	defer visit.close()
	listed, listErr := visit.list(ctx)
	for i := range of {
		g := &of[i]
		name := "user/" + g.Owner + strings.TrimPrefix(g.Mailbox, "INBOX")
		g.Account, g.Rights = account, rightsIn(g.Rights, account)
		g.Listed = Told[bool]{slices.Contains(listed, name), listErr}
		g.Opened = visit.ask(ctx, func(ctx context.Context, session target.Session) error {
			_, err := session.Records(ctx, name)
			return err
		})
	}
	return of
}

// rightsIn returns what an ACL gives to an account.
func rightsIn(acl, account string) string {
	rights := ""
	for entry := range strings.SplitSeq(acl, ", ") {
		if identifier, given, ok := strings.Cut(entry, " "); ok && (identifier == account || identifier == "anyone") {
			rights += given
		}
	}
	return rights
}
