package detect

import (
	"context"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// crowd is from how many accounts on both servers are asked for their lists of mailboxes
// before: then no mailbox has to be opened to know which there are.
const crowd = 32

// listedAlike returns what both servers list of accounts, of those of which they list the
// same. Where that cannot be told, or it is not worth the questions, there are none: then
// each account is asked for its mailboxes.
func (s Scene) listedAlike(ctx context.Context) map[string]*target.Listing {
	servers, err := s.servers()
	if err != nil || len(servers) != 2 || len(s.Accounts) < crowd {
		return nil
	}
	var told [2]map[string]target.Listing
	tasks := make([]func(context.Context) error, len(servers))
	for i, server := range servers {
		reader, ok := server.Index().(target.ListingReader)
		if !ok {
			return nil
		}
		tasks[i] = func(ctx context.Context) (err error) {
			told[i], err = reader.Listings(ctx, s.Accounts)
			return err
		}
	}
	if s.Executor.Run(ctx, tasks...) != nil {
		return nil // sync_server may answer all the same
	}
	alike := map[string]*target.Listing{}
	for account, first := range told[0] {
		second := told[1][account]
		if slices.Equal(first.Own, second.Own) && slices.Equal(first.Deleted, second.Deleted) {
			alike[account] = &first
		}
	}
	return alike
}
