package hearsay

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/dlist"
	"github.com/cyrdrill/cyrdrill/harness/target/mailboxname"
)

// Subscription subscribes an account to a mailbox, or takes that back.
type Subscription struct {
	Place
	Subscribed bool
}

// Tell implements [target.Hearsay].
func (s Subscription) Tell(ctx context.Context, line target.SyncLine) (target.Evidence, error) {
	key := "UNSUB"
	if s.Subscribed {
		key = "SUB"
	}
	name := mailboxname.Internal(s.Account, s.Mailbox)
	command := dlist.MapOf(key, dlist.Atom("USERID", s.Account), dlist.Atom("MBOXNAME", name))
	return tellAccount(ctx, line, s.Account, "subscription to "+s.Mailbox, meta, func(values []dlist.Value) string {
		for _, value := range values {
			if value.Key == "LSUB" && slices.Contains(value.Texts(), name) {
				return "there"
			}
		}
		return "none"
	}, command)
}

// Quota makes another storage limit, in KiB, that of an account's quota root, which
// is made where there is none. [target.NoQuota] is no limit.
type Quota struct {
	Account    string
	StorageKiB int64
}

// Tell implements [target.Hearsay].
func (q Quota) Tell(ctx context.Context, line target.SyncLine) (target.Evidence, error) {
	root := mailboxname.Internal(q.Account, "INBOX")
	command := dlist.MapOf("QUOTA", dlist.Atom("ROOT", root))
	if q.StorageKiB == target.NoQuota {
		command.Items = append(command.Items, dlist.Num("LIMIT", uint32(math.MaxUint32)))
	} else {
		command.Items = append(command.Items, dlist.Num("LIMIT", q.StorageKiB), dlist.Num("STORAGE", q.StorageKiB))
	}
	return tellAccount(ctx, line, q.Account, "quota", quotaOf(root), limit, command)
}

// NoQuotaRoot takes an account's quota root away.
type NoQuotaRoot struct{ Account string }

// Tell implements [target.Hearsay].
func (n NoQuotaRoot) Tell(ctx context.Context, line target.SyncLine) (target.Evidence, error) {
	root := mailboxname.Internal(n.Account, "INBOX")
	return tellAccount(ctx, line, n.Account, "quota root", quotaOf(root), limit, dlist.Atom("UNQUOTA", root))
}

// ActiveScript stores a script for an account, and makes it the one that runs.
type ActiveScript struct {
	Account, Script string
	Source          []byte
}

// Tell implements [target.Hearsay].
func (a ActiveScript) Tell(ctx context.Context, line target.SyncLine) (target.Evidence, error) {
	store := dlist.MapOf("SIEVE", dlist.Atom("USERID", a.Account), dlist.Atom("FILENAME", a.Script+".script"),
		dlist.Num("LAST_UPDATE", uint32(1)), dlist.Atom("CONTENT", string(a.Source)))
	activate := dlist.MapOf("ACTIVATE_SIEVE", dlist.Atom("USERID", a.Account), dlist.Atom("FILENAME", a.Script+".bc"))
	return tellAccount(ctx, line, a.Account, "active script", meta, active, store, activate)
}

// NoActiveScript lets no script of an account run.
type NoActiveScript struct{ Account, Script string }

// Tell implements [target.Hearsay].
func (n NoActiveScript) Tell(ctx context.Context, line target.SyncLine) (target.Evidence, error) {
	command := dlist.MapOf("UNACTIVATE_SIEVE", dlist.Atom("USERID", n.Account), dlist.Atom("FILENAME", n.Script+".bc"))
	return tellAccount(ctx, line, n.Account, "active script", meta, active, command)
}

// NoScript takes a script of an account away, active or not.
type NoScript struct{ Account, Script string }

// Tell implements [target.Hearsay].
func (n NoScript) Tell(ctx context.Context, line target.SyncLine) (target.Evidence, error) {
	command := dlist.MapOf("UNSIEVE", dlist.Atom("USERID", n.Account), dlist.Atom("FILENAME", n.Script+".script"))
	return tellAccount(ctx, line, n.Account, "script "+n.Script, meta, func(values []dlist.Value) string {
		for _, value := range values {
			if value.TextOf("FILENAME") == n.Script+".script" {
				return "SHA-1 " + value.TextOf("GUID")
			}
		}
		return "none"
	}, command)
}

// meta asks what belongs to an account.
func meta(account string) dlist.Value { return dlist.Atom("META", account) }

func quotaOf(root string) func(string) dlist.Value {
	return func(string) dlist.Value { return dlist.Atom("QUOTA", root) }
}

// limit says which limit an answer about a quota root tells.
func limit(values []dlist.Value) string {
	for _, value := range values {
		if value.Key == "QUOTA" {
			return "a root with the limit " + value.TextOf("LIMIT")
		}
	}
	return "no root"
}

// active says which script an answer calls the active one.
func active(values []dlist.Value) string {
	for _, value := range values {
		if value.TextOf("ISACTIVE") == "1" {
			return strings.TrimSuffix(value.TextOf("FILENAME"), ".bc")
		}
	}
	return "none"
}

// tellAccount tells by commands, and measures by what the server answers to a
// question before and after.
func tellAccount(ctx context.Context, line target.SyncLine, account, what string, question func(account string) dlist.Value,
	measure func([]dlist.Value) string, commands ...dlist.Value,
) (target.Evidence, error) {
	fail := func(err error) (target.Evidence, error) {
		return target.Evidence{}, fmt.Errorf("telling a wrong %s of %s: %w", what, account, err)
	}
	ask := func() (string, error) {
		values, err := line.Get(ctx, question(account))
		return measure(values), err
	}
	before, err := ask()
	if err != nil {
		return fail(err)
	}
	for _, command := range commands {
		if err := line.Apply(ctx, command); err != nil {
			return fail(err)
		}
	}
	after, err := ask()
	if err != nil {
		return fail(err)
	}
	return target.Evidence{
		Summary: fmt.Sprintf("a sync client has told a wrong %s of %s", what, account),
		Facts:   []target.Fact{{What: fmt.Sprintf("%s of %s", what, account), Before: before, After: after}},
	}, nil
}
