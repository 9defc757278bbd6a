package view

import (
	"context"

	"github.com/cyrdrill/cyrdrill/harness/wire"
)

// admins are an administrator's IMAP connections to a server, on which mailboxes are listed.
type admins struct {
	server server
	keep   bool // for the next question; else each has its own
	kept   pool[*wire.IMAP]
}

// ask puts a question that changes nothing. A connection that was kept may have ended since:
// then it is put once more, on a new one.
func (a *admins) ask(ctx context.Context, question func(*wire.IMAP) error) error {
	if conn, ok := a.kept.take(); ok {
		err := question(conn)
		if a.settle(conn, err) || ctx.Err() != nil {
			return err
		}
		a.kept.drop() // those that were kept with it are no better
	}
	conn, err := a.server.imap(ctx, "")
	if err != nil {
		return err
	}
	err = question(conn)
	a.settle(conn, err)
	return err
}

// settle keeps a connection that is still good after the question ended so, closes it
// otherwise, and says which.
func (a *admins) settle(conn *wire.IMAP, err error) (good bool) {
	good = err == nil || isNo(err)
	if good && a.keep {
		a.kept.give(conn)
	} else {
		_ = conn.Close()
	}
	return good
}
