package property

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

const (
	// answerWithin bounds one question to a server, the reading of a whole
	// mailbox above all, in real time.
	answerWithin = 2 * time.Minute
	// atOnce is how many accounts are looked at side by side.
	atOnce = 8
)

// visitor is one account's user, who logs in once, and anew where a server has
// ended the session. A login that failed is not tried again.
type visitor struct {
	clock   target.Clock
	server  target.Server
	account string
	session target.Session
	locked  error // why there is no login
}

// ask puts one question in the session.
func (v *visitor) ask(ctx context.Context, question func(context.Context, target.Session) error) error {
	ctx, cancel := target.Within(ctx, v.clock, answerWithin)
	defer cancel()
	if v.locked != nil {
		return v.locked
	}
	if v.session == nil {
		session, err := v.server.User().Login(ctx, v.account)
		if err != nil {
			v.locked = err
			return err
		}
		v.session = session
	}
	err := question(ctx, v.session)
	if err != nil && !isNo(err) {
		v.close()
	}
	return err
}

// close ends the session, which was read from; how that goes tells nothing.
func (v *visitor) close() {
	if v.session != nil {
		_ = v.session.Close()
		v.session = nil
	}
}

// list returns what LIST shows.
func (v *visitor) list(ctx context.Context) (names []string, err error) {
	err = v.ask(ctx, func(ctx context.Context, session target.Session) error {
		names, err = session.List(ctx)
		return err
	})
	return names, err
}

// isNo says whether the server answered no, in a session that goes on.
func isNo(err error) bool {
	var refused *target.RefusedError
	return errors.As(err, &refused) && refused.Status != "BYE" || isUnsupported(err)
}

// isUnsupported says whether the target has no such thing as was asked for.
func isUnsupported(err error) bool {
	var unsupported *target.UnsupportedError
	return errors.As(err, &unsupported)
}

// isRefusal says whether the error is a definite no, or nobody there. Any other
// proves nothing, and neither does what a target does not have.
func isRefusal(err error) bool {
	return target.OutcomeOf(err) == target.Refused && !isUnsupported(err) && !errors.Is(err, context.DeadlineExceeded)
}

// saysAbsent says whether a no means that there is no such mailbox. Cyrus says
// so in words alone.
func saysAbsent(err error) bool {
	var refused *target.RefusedError
	return errors.As(err, &refused) && refused.Status == "NO" &&
		(refused.Code == "NONEXISTENT" || strings.Contains(refused.Text, "does not exist"))
}

// sideBySide does the work for each account, some of them at once.
func sideBySide(ctx context.Context, executor target.Executor, accounts []string, work func(ctx context.Context, account string) error) error {
	var mu sync.Mutex
	left := slices.Clone(accounts)
	next := func() (account string, ok bool) {
		mu.Lock()
		defer mu.Unlock()
		if len(left) == 0 {
			return "", false
		}
		account, left = left[0], left[1:]
		return account, true
	}
	tasks := make([]func(context.Context) error, min(atOnce, len(accounts)))
	for i := range tasks {
		tasks[i] = func(ctx context.Context) error {
			for account, ok := next(); ok; account, ok = next() {
				if err := work(ctx, account); err != nil {
					return err
				}
			}
			return nil
		}
	}
	return executor.Run(ctx, tasks...)
}

// gather does the work for each account and keeps what it returns by account.
func gather[T any](ctx context.Context, executor target.Executor, accounts []string, work func(ctx context.Context, account string) (T, error)) (map[string]T, error) {
	var mu sync.Mutex
	all := make(map[string]T, len(accounts))
	err := sideBySide(ctx, executor, accounts, func(ctx context.Context, account string) error {
		got, err := work(ctx, account)
		mu.Lock()
		defer mu.Unlock()
		all[account] = got
		return err
	})
	return all, err
}
