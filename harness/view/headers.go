package view

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/mailboxname"
	"github.com/cyrdrill/cyrdrill/harness/wire"
)

// HeadersOf implements [target.HeadersReader] by one GET MAILBOXES, which passes over what
// cannot be opened as [indexView.Mailboxes] does, and tells nothing of subscriptions, seen
// state, scripts and quotas, for which GET USER opens a file each.
func (x *indexView) HeadersOf(ctx context.Context, names map[string][]string) (map[string][]target.Mailbox, error) {
	var internal []string
	owner := map[string]string{} // by internal name
	for _, account := range slices.Sorted(maps.Keys(names)) {
		for _, name := range names[account] {
			inside := mailboxname.Internal(account, name)
			internal, owner[inside] = append(internal, inside), account
		}
	}
	found := make(map[string][]target.Mailbox, len(names))
	if len(internal) == 0 {
		return found, nil
	}
	var told []wire.SyncMailbox
	err := x.ask(ctx, func(s *wire.Sync) (err error) {
		told, err = s.Mailboxes(ctx, internal)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("index view of %d mailboxes on %s: %w", len(internal), x.server.name, err)
	}
	of := map[string][]wire.SyncMailbox{}
	for _, m := range told {
		of[owner[m.Name]] = append(of[owner[m.Name]], m)
	}
	for account, mailboxes := range of {
		if found[account], err = x.mail(account, mailboxes); err != nil {
			return nil, err
		}
	}
	return found, nil
}
