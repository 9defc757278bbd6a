package detect

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Access tries what users do: to log in, and to open each mailbox of their own
// that they are shown or that the index knows, and others' of which they have seen mail.
// An index that looks well on a mailbox that cannot be opened is found by this alone.
// Nobody is logged in whose INBOX is not there: Cyrus would make a new, empty one
// (autocreate_quota), and a look has to change nothing. Nor is another's mailbox opened
// for who has seen nothing of others': that would make a database of what was seen.
type Access struct{}

// Name implements [Detector].
func (Access) Name() string { return "access" }

// Doc implements [Detector].
func (Access) Doc() string { return "logs in as each account and opens each mailbox, as users would" }

// Promise implements [Detector].
func (Access) Promise() Promise { return atOnce(target.MailboxUnreadable) }

// Detect implements [Detector].
func (d Access) Detect(ctx context.Context, scene Scene) ([]Finding, error) {
	servers, err := scene.servers()
	if err != nil {
		return nil, err
	}
	found, err := scene.eachSettled(ctx, d.Name(), func(ctx context.Context, account string) ([]Finding, error) {
		var found []Finding
		for _, server := range servers {
			v := visitor{server: server, account: account}
			if err := v.visit(ctx); err != nil {
				return nil, fmt.Errorf("opening the mailboxes of %s on %s: %w", account, server.Name(), err)
			}
			found = append(found, v.found...)
		}
		return found, nil
	})
	return withoutTwice(found), err
}

// withoutTwice leaves out what somebody could not open of another's, if its owner
// could not either.
func withoutTwice(found []Finding) []Finding {
	return slices.DeleteFunc(found, func(f Finding) bool {
		owner, mailbox, ok := ofAnother(f.Mailbox)
		return ok && slices.ContainsFunc(found, func(of Finding) bool {
			return of.Server == f.Server && of.Account == owner && (of.Mailbox == mailbox || of.Mailbox == "")
		})
	})
}

// ofAnother returns whose mailbox it is that somebody else is shown under a name, and
// what its owner calls it.
func ofAnother(shown string) (owner, mailbox string, ok bool) {
	rest, ok := strings.CutPrefix(shown, "user/")
	owner, below, deep := strings.Cut(rest, "/")
	mailbox = "INBOX"
	if deep {
		mailbox += "/" + below
	}
	return owner, mailbox, ok
}

// visitor is one account's user on one server.
type visitor struct {
	server  target.Server
	account string
	listed  []string       // as the administrator is shown; nil: he has not been asked
	session target.Session // nil: none is open
	found   []Finding
}

func (v *visitor) visit(ctx context.Context) error {
	defer v.leave()
	if !v.enter(ctx) {
		return ctx.Err()
	}
	names, err := v.session.List(ctx)
	if err == nil {
		names, err = v.withIndexed(ctx, names)
	}
	if err != nil {
		return err
	}
	if slices.ContainsFunc(names, isOthers) {
		known, err := v.seesOthers(ctx)
		if err != nil {
			return err
		}
		if !known {
			names = slices.DeleteFunc(names, isOthers)
		}
	}
	return v.openEach(ctx, names)
}

// withIndexed adds mailboxes that the index knows to those that are shown.
func (v *visitor) withIndexed(ctx context.Context, shown []string) ([]string, error) {
	indexed, err := v.server.Index().Mailboxes(ctx, v.account)
	if unread, refused := unreadableIndex(v.server, v.account, err); refused {
		v.found = append(v.found, unread)
	} else if err != nil {
		return nil, err
	}
	names := slices.Clone(shown)
	for _, m := range indexed {
		names = append(names, m.Name)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

func (v *visitor) openEach(ctx context.Context, names []string) error {
	for _, name := range names {
		if err := v.open(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

func isOthers(mailbox string) bool { return !target.IsOwn(mailbox) }

// seesOthers says whether the account has noted what it has seen of others' mail. A
// server that cannot tell has notes that it cannot read.
func (v *visitor) seesOthers(ctx context.Context) (bool, error) {
	meta, err := v.server.Index().Meta(ctx, v.account)
	if _, refused := unreadableIndex(v.server, v.account, err); refused {
		return true, nil
	}
	return len(meta.Seen) > 0, err
}

// enter logs in, unless that is done. Where it fails, nothing of the account
// can be read.
func (v *visitor) enter(ctx context.Context) bool {
	if v.session != nil {
		return true
	}
	session, err := v.login(ctx)
	if err != nil {
		v.complain("", fmt.Sprintf("its user cannot log in: %s", err))
		return false
	}
	v.session = session
	return true
}

// login makes no INBOX, whatever it takes to know that there is one.
func (v *visitor) login(ctx context.Context) (target.Session, error) {
	switch {
	case v.listed == nil:
		return target.LoginToLook(ctx, v.server, v.account)
	case !slices.Contains(v.listed, "INBOX"):
		return nil, &target.NoInboxError{Account: v.account, Server: v.server.Name()}
	}
	return v.server.User().Login(ctx, v.account)
}

func (v *visitor) leave() {
	if v.session != nil {
		_ = v.session.Close() // it was only read from
		v.session = nil
	}
}

// open opens one mailbox and lists its messages. A server that dies of that
// ends the session, so the next mailbox gets a new one.
func (v *visitor) open(ctx context.Context, name string) error {
	if !v.enter(ctx) {
		return ctx.Err()
	}
	err := target.Open(ctx, v.session, name)
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if !v.gone(ctx, name) {
		v.complain(name, err.Error())
	}
	v.leave()
	return ctx.Err()
}

// gone says whether a mailbox that could not be opened has been deleted or renamed since
// it was listed: then it is on no list any more.
func (v *visitor) gone(ctx context.Context, name string) bool {
	owner, mailbox, ok := ofAnother(name)
	if !ok {
		owner, mailbox = v.account, name
	}
	listed, err := v.server.User().Listed(ctx, owner)
	return err == nil && !slices.Contains(listed, mailbox)
}

func (v *visitor) complain(mailbox, evidence string) {
	v.found = append(v.found, Finding{
		Kind: target.MailboxUnreadable, Evidence: evidence,
		Place: target.Place{Server: v.server.Name(), Account: v.account, Mailbox: mailbox},
	})
}
