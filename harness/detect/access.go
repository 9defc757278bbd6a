package detect

import (
	"context"
	"fmt"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Access tries what users do: to log in, and to open each mailbox of their own
// that they are shown or that the index knows. An index that looks well on a mailbox that
// cannot be opened is found by this alone. Nobody is logged in whose INBOX is not
// there: Cyrus would make a new, empty one (autocreate_quota), and a look has to change
// nothing.
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
	return scene.eachSettled(ctx, d.Name(), func(ctx context.Context, account string) ([]Finding, error) {
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
}

// visitor is one account's user on one server.
type visitor struct {
	server  target.Server
	account string
	session target.Session // nil: none is open
	found   []Finding
}

func (v *visitor) visit(ctx context.Context) error {
	defer v.leave()
	if !v.enter(ctx) {
		return ctx.Err()
	}
	names, err := v.session.List(ctx)
	if err != nil {
		return err
	}
	indexed, err := v.server.Index().Mailboxes(ctx, v.account)
	if unread, refused := unreadableIndex(v.server, v.account, err); refused {
		v.found = append(v.found, unread)
	} else if err != nil {
		return err
	}
	for _, m := range indexed {
		names = append(names, m.Name)
	}
	// A shared mailbox is its owner's to open, and is looked at there.
	names = slices.DeleteFunc(names, func(name string) bool { return !target.IsOwn(name) })
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if err := v.open(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// enter logs in, unless that is done. Where it fails, nothing of the account
// can be read.
func (v *visitor) enter(ctx context.Context) bool {
	if v.session != nil {
		return true
	}
	session, err := target.LoginToLook(ctx, v.server, v.account)
	if err != nil {
		v.complain("", fmt.Sprintf("its user cannot log in: %s", err))
		return false
	}
	v.session = session
	return true
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
	_, err := v.session.Records(ctx, name)
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	v.complain(name, err.Error())
	v.leave()
	return nil
}

func (v *visitor) complain(mailbox, evidence string) {
	v.found = append(v.found, Finding{
		Kind: target.MailboxUnreadable, Evidence: evidence,
		Place: target.Place{Server: v.server.Name(), Account: v.account, Mailbox: mailbox},
	})
}
