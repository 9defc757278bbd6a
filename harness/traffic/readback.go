package traffic

import (
	"context"
	"maps"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// readBack lets the user read the messages that nobody has read yet, wherever
// they were filed, and records what the server gave, with the counters of each
// mailbox that was opened. That may fail, on a server that dies; then the
// ledger knows such a message only as it was sent.
func (u *Users) readBack(ctx context.Context, server target.Server, account string) {
	unread := u.ledger.unread(account)
	if len(unread) == 0 {
		return
	}
	expected := map[string]bool{}
	for _, mailbox := range unread {
		expected[mailbox] = true
	}
	_ = u.withSession(ctx, server, account, func(session target.Session) error {
		reader := reader{users: u, server: server, account: account, session: session, unread: unread}
		for _, mailbox := range slices.Sorted(maps.Keys(expected)) {
			reader.read(ctx, mailbox)
		}
		if len(unread) == 0 {
			return nil
		}
		names, err := session.List(ctx) // filed elsewhere than expected
		for _, mailbox := range names {
			if !expected[mailbox] {
				reader.read(ctx, mailbox)
			}
		}
		return err
	})
}

// reader reads one account's mail for the first time.
type reader struct {
	users   *Users
	server  target.Server
	account string
	session target.Session
	unread  map[string]string // mailboxes by marker
}

// read looks through one mailbox. What fails is not read, and stays unread.
func (r reader) read(ctx context.Context, mailbox string) {
	ctx, cancel := target.Within(ctx, r.users.pair.Clock(), answerWithin)
	defer cancel()
	counters, err := r.session.Status(ctx, mailbox)
	if err != nil {
		return
	}
	now := r.users.pair.Clock().Now()
	r.users.ledger.Counted(Count{Server: string(r.server.Name()), Account: r.account, Mailbox: mailbox, At: now, Counters: counters})
	markers, err := r.session.Header(ctx, mailbox, MarkerField, nil)
	if err != nil {
		return
	}
	maps.DeleteFunc(markers, func(_ uint32, marker string) bool { _, unread := r.unread[marker]; return !unread })
	if len(markers) == 0 {
		return
	}
	_ = target.DigestedBodies(ctx, r.session, mailbox, slices.Sorted(maps.Keys(markers)), func(uid uint32, body []byte, sha1 string) error {
		if body != nil {
			delete(r.unread, markers[uid])
			r.users.ledger.ReadBack(Sighting{
				Marker: markers[uid], Account: r.account, Mailbox: mailbox, Server: string(r.server.Name()), At: now,
				UIDValidity: counters.UIDValidity, UID: uid, BodySHA1: sha1,
			})
		}
		return nil
	})
}
