package baseline

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

const (
	// accountsTogether are so many accounts that are asked for in one command.
	accountsTogether = 100
	// linesEach is how many such commands a server has at work at once.
	linesEach = 2
)

// headersOf returns what a server's index tells of the mailboxes of accounts: by their names,
// many accounts at once, where it can be asked so.
func headersOf(ctx context.Context, executor target.Executor, server target.Server, accounts []string) (map[string][]target.Mailbox, error) {
	headers, can := server.Index().(target.HeadersReader)
	lister, lists := server.User().(target.ListReader)
	if !can || !lists {
		return oneByOne(ctx, server, accounts)
	}
	names, err := lister.ListedOf(ctx, accounts)
	if err != nil {
		return nil, fmt.Errorf("listing mailboxes of %s: %w", server.Name(), err)
	}
	parts := slices.Collect(slices.Chunk(accounts, accountsTogether))
	told := make([]map[string][]target.Mailbox, len(parts))
	lines := make([]func(context.Context) error, min(linesEach, len(parts)))
	for line := range lines {
		lines[line] = func(ctx context.Context) (err error) {
			for i := line; err == nil && i < len(parts); i += len(lines) {
				told[i], err = headers.HeadersOf(ctx, only(names, parts[i]))
			}
			return err
		}
	}
	if err := executor.Run(ctx, lines...); err != nil {
		return nil, fmt.Errorf("reading checksums on %s: %w", server.Name(), err)
	}
	all := make(map[string][]target.Mailbox, len(accounts))
	for _, part := range told {
		maps.Copy(all, part)
	}
	return all, nil
}

// only returns what belongs to those accounts.
func only(names map[string][]string, accounts []string) map[string][]string {
	theirs := make(map[string][]string, len(accounts))
	for _, account := range accounts {
		theirs[account] = names[account]
	}
	return theirs
}

// oneByOne asks for each account by itself.
func oneByOne(ctx context.Context, server target.Server, accounts []string) (map[string][]target.Mailbox, error) {
	all := make(map[string][]target.Mailbox, len(accounts))
	for _, account := range accounts {
		mailboxes, err := server.Index().Mailboxes(ctx, account)
		if err != nil {
			return nil, fmt.Errorf("reading the checksums of %s on %s: %w", account, server.Name(), err)
		}
		all[account] = mailboxes
	}
	return all, nil
}
