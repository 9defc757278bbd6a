package compare

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/field"
	"github.com/cyrdrill/cyrdrill/harness/realtime"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// looker looks at a few accounts with each detector in turn.
type looker struct {
	pair  *field.Pair
	level Level
}

func (l looker) scene(accounts []string) detect.Scene {
	scene := detect.Scene{
		Clock: realtime.Time{}, Executor: realtime.Time{}, Accounts: accounts, Partial: true,
		Master: l.pair.Master(), RepeatInterval: l.pair.Config.RepeatInterval,
	}
	for _, s := range l.pair.Servers {
		scene.Sides = append(scene.Sides, detect.LiveSide(s))
	}
	return scene
}

// look returns what came of the accounts, in their order. The error is that a server is
// not there any more, or that the context has ended: then nothing is known of any.
func (l looker) look(ctx context.Context, names []string) ([]Account, error) {
	accounts := make([]Account, len(names))
	for i, name := range names {
		accounts[i].Name = name
	}
	for _, d := range l.level.Detectors {
		found, err := d.Detect(ctx, l.scene(names))
		if err == nil {
			file(accounts, found)
			continue
		}
		if err := l.lasting(ctx); err != nil {
			return nil, err
		}
		for i := range accounts { // one of them may be the reason
			if err := l.lookAtOne(ctx, d, &accounts[i]); err != nil {
				return nil, err
			}
		}
	}
	for i := range accounts {
		accounts[i].judge()
	}
	if slices.ContainsFunc(accounts, hasUnreadable) { // of a server that is gone nothing can be read
		if err := l.lasting(ctx); err != nil {
			return nil, err
		}
	}
	return accounts, nil
}

func (l looker) lookAtOne(ctx context.Context, d detect.Detector, a *Account) error {
	found, err := d.Detect(ctx, l.scene([]string{a.Name}))
	if err == nil {
		a.Findings = append(a.Findings, found...)
		return nil
	}
	if err := l.lasting(ctx); err != nil {
		return err
	}
	a.NotSeen = append(a.NotSeen, NotSeen{d.Name(), oneLine(err)})
	return nil
}

// lasting says why there is no use in going on: the context has ended, or a server has.
func (l looker) lasting(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := l.pair.Reachable(ctx); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return &VanishedError{err}
	}
	return nil
}

// VanishedError says that a server that was there when a comparison began has gone.
type VanishedError struct{ Err error }

// Error implements error.
func (e *VanishedError) Error() string {
	return "a server has gone amid the comparison: " + e.Err.Error()
}

// Unwrap returns what became of it.
func (e *VanishedError) Unwrap() error { return e.Err }

// file puts findings to their accounts.
func file(accounts []Account, found []detect.Finding) {
	for _, f := range found {
		i := slices.IndexFunc(accounts, func(a Account) bool { return a.Name == f.Account })
		accounts[max(0, i)].Findings = append(accounts[max(0, i)].Findings, f) // what is no account's is told with the first
	}
}

func hasUnreadable(a Account) bool {
	return slices.ContainsFunc(a.Findings, func(f detect.Finding) bool { return f.Kind == target.MailboxUnreadable })
}

func oneLine(err error) string {
	return strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}

// CheckNames says that the accounts' names are such as cyrdrill reads: on each server, by the
// first account that has an INBOX there.
func CheckNames(ctx context.Context, pair *field.Pair, accounts []string) error {
	tasks := make([]func(context.Context) error, len(pair.Servers))
	for i, s := range pair.Servers {
		tasks[i] = func(ctx context.Context) error { return checkNamesOn(ctx, s, accounts) }
	}
	return realtime.Time{}.Run(ctx, tasks...)
}

func checkNamesOn(ctx context.Context, s *field.Server, accounts []string) error {
	const tried = 20 // of accounts that a server does not have there may be many
	for _, account := range accounts[:min(tried, len(accounts))] {
		session, err := target.LoginToLook(ctx, s, account)
		if noInbox := (*target.NoInboxError)(nil); errors.As(err, &noInbox) {
			continue
		}
		if err != nil {
			return nil // for the detectors to tell
		}
		_ = session.Close() // it was only opened to see that it can be
		if err := s.Readable(ctx, account); err != nil {
			return fmt.Errorf("looking how %s names mailboxes: %w", s.Name(), err)
		}
		return nil
	}
	return nil
}
