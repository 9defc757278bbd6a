package property

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/traffic"
)

// Told is one thing that a server was asked, and what it said.
type Told[T any] struct {
	Is  T
	Err error
}

// AccountState is what an account's user is told of it, mail apart.
type AccountState struct {
	Login         error // why the user could not log in
	Mailboxes     Told[[]string]
	Subscriptions Told[[]string]
	Settings      map[string]Told[target.Settings] // by mailbox, of those that are promised
	Scripts       Told[Scripts]
}

// Scripts are an account's sieve scripts as ManageSieve tells them.
type Scripts struct {
	Active  string            // empty: none
	Sources map[string]string // by name
}

// ReadStates reads what the accounts' users are told of them, in one session
// each, side by side. The error is ctx's; failures of the server are kept in
// the states.
func ReadStates(ctx context.Context, pair target.Pair, server target.Server, accounts []traffic.Account) (map[string]AccountState, error) {
	names, by := []string{}, map[string]traffic.Account{}
	for _, a := range accounts {
		names, by[a.Name] = append(names, a.Name), a
	}
	return gather(ctx, pair.Executor(), names, func(ctx context.Context, name string) (AccountState, error) {
		state := readState(ctx, pair.Clock(), server, by[name])
		if ctx.Err() != nil {
			return state, fmt.Errorf("reading the state of %s on %s: %w", name, server.Name(), ctx.Err())
		}
		return state, nil
	})
}

func readState(ctx context.Context, clock target.Clock, server target.Server, account traffic.Account) AccountState {
	visit := &visitor{clock: clock, server: server, account: account.Name}
	defer visit.close()
	state := AccountState{Settings: map[string]Told[target.Settings]{}}
	state.Mailboxes.Is, state.Mailboxes.Err = visit.list(ctx)
	state.Login = visit.locked
	state.Subscriptions.Err = visit.ask(ctx, func(ctx context.Context, session target.Session) (err error) {
		state.Subscriptions.Is, err = session.Subscriptions(ctx)
		return err
	})
	for _, m := range account.Mailboxes {
		if name := listedAs(m, state.Mailboxes.Is); name != "" {
			var told Told[target.Settings]
			told.Err = visit.ask(ctx, func(ctx context.Context, session target.Session) (err error) {
				told.Is, err = session.Settings(ctx, name)
				return err
			})
			state.Settings[name] = told
		}
	}
	state.Scripts.Is, state.Scripts.Err = readScripts(ctx, clock, server, account.Name)
	return state
}

// listedAs returns the name under which a promised mailbox is listed; empty
// where it is not, or is not promised.
func listedAs(m traffic.Mailbox, listed []string) string {
	for _, name := range []string{m.Name, m.OrName} {
		if m.Promised() && name != "" && slices.Contains(listed, name) {
			return name
		}
	}
	return ""
}

func readScripts(ctx context.Context, clock target.Clock, server target.Server, account string) (told Scripts, err error) {
	ctx, cancel := target.Within(ctx, clock, answerWithin)
	defer cancel()
	session, err := server.User().Scripts(ctx, account)
	if err != nil {
		return told, err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	infos, err := session.List(ctx)
	if err != nil {
		return told, err
	}
	told.Sources = map[string]string{}
	for _, info := range infos {
		source, err := session.Get(ctx, info.Name)
		if err != nil {
			return told, fmt.Errorf("script %q: %w", info.Name, err)
		}
		told.Sources[info.Name] = string(source)
		if info.Active {
			told.Active = info.Name
		}
	}
	return told, nil
}
