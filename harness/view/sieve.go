package view

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/wire"
)

// loginPause is the pause before a login by ManageSieve is tried again, which is
// done so often.
const (
	loginPause = 100 * time.Millisecond
	loginTries = 4
)

// Scripts opens a ManageSieve session as the account, by the administrator's
// leave. Cyrus makes the mailbox that holds the account's scripts at the first
// login, on a replica as well, and refuses whoever comes while it is made, or is
// replaced by the master's: so a refusal counts only when it comes again.
func (u *userView) Scripts(ctx context.Context, account string) (target.ScriptSession, error) {
	for try := 1; ; try++ {
		session, err := u.scripts(ctx, account)
		if !isNo(err) || try == loginTries {
			return session, err
		}
		select {
		case <-time.After(loginPause):
		case <-ctx.Done():
			return nil, err
		}
	}
}

func (u *userView) scripts(ctx context.Context, account string) (target.ScriptSession, error) {
	conn, peer, err := u.server.dial(ctx, Sieve)
	if err != nil {
		return nil, err
	}
	client, err := wire.NewSieve(ctx, conn, peer, u.server.login(account))
	if err != nil {
		return nil, err
	}
	return scripts{client}, nil
}

// scripts is one ManageSieve session.
type scripts struct{ client *wire.Sieve }

// List returns the account's scripts, sorted by name.
func (s scripts) List(ctx context.Context) ([]target.ScriptInfo, error) {
	names, err := s.client.Scripts(ctx)
	if err != nil {
		return nil, err
	}
	infos := make([]target.ScriptInfo, len(names))
	for i, name := range names {
		infos[i] = target.ScriptInfo(name)
	}
	slices.SortFunc(infos, func(a, b target.ScriptInfo) int { return cmp.Compare(a.Name, b.Name) })
	return infos, nil
}

// Get returns a script's source.
func (s scripts) Get(ctx context.Context, name string) ([]byte, error) {
	return s.client.Get(ctx, name)
}

// Put stores a script.
func (s scripts) Put(ctx context.Context, name string, source []byte) error {
	return s.client.Put(ctx, name, source)
}

// Activate makes the script the only one that runs.
func (s scripts) Activate(ctx context.Context, name string) error {
	return s.client.Activate(ctx, name)
}

// Delete removes a script.
func (s scripts) Delete(ctx context.Context, name string) error {
	return s.client.Delete(ctx, name)
}

// Close logs out.
func (s scripts) Close() error { return s.client.Close() }
