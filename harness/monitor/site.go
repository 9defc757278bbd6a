package monitor

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/field"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Site is what a monitor looks at.
type Site struct {
	Servers [2]Server // the master first
	// Accounts are those to be looked at; none: all that either server lists.
	Accounts       []string
	RepeatInterval time.Duration
	// Maintained says whether work is done on a server, and which.
	Maintained func(target.ServerName, time.Time) (because string, covered bool)
}

// Server is a server of a site.
type Server interface {
	target.Server
	// FilesKnown says in a [target.UnsupportedError] why its files cannot be looked at.
	FilesKnown(ctx context.Context) error
	// Channels returns its sync log by channels.
	Channels(ctx context.Context) ([]field.Channel, error)
	// LoggedSince returns what it has logged since an earlier look.
	LoggedSince(ctx context.Context, mark field.LogMark) ([]byte, field.LogMark, error)
}

var _ Server = (*field.Server)(nil)

// SiteOf returns a pair in the field as a site.
func SiteOf(pair *field.Pair) Site {
	return Site{
		Servers:  [2]Server{pair.Servers[0], pair.Servers[1]},
		Accounts: pair.Config.Names, RepeatInterval: pair.Config.RepeatInterval,
		Maintained: func(server target.ServerName, now time.Time) (string, bool) {
			w, covered := pair.Config.Maintained(server, now)
			return w.Because, covered
		},
	}
}

// listWithin is how long a server may take to list its accounts.
const listWithin = 20 * time.Second

// accounts returns those to be looked at, sorted, and whether any server has told of its
// own, or nobody had to ask.
func (s Site) accounts(ctx context.Context) ([]string, error) {
	if s.Accounts != nil {
		return slices.Sorted(slices.Values(s.Accounts)), nil
	}
	ctx, cancel := context.WithTimeout(ctx, listWithin)
	defer cancel()
	var all []string
	var errs []error
	for _, server := range s.Servers {
		accounts, err := server.User().Accounts(ctx)
		if err != nil {
			errs = append(errs, err)
		}
		all = append(all, accounts...)
	}
	if len(errs) == len(s.Servers) {
		return nil, errors.Join(errs...)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}
