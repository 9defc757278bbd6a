package view

import (
	"context"
	"errors"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/wire"
)

// ask runs the question on a connection. One that was kept may have ended
// since, together with its server: then the question is put once more, on a
// new connection. Questions change nothing, so that is always right.
func (x *indexView) ask(ctx context.Context, question func(*wire.Sync) error) error {
	if conn, ok := x.kept.take(); ok {
		err := question(conn)
		if x.settle(conn, err) || isCrash(err) || isHalfway(err) || ctx.Err() != nil {
			return err
		}
		x.kept.drop() // those that were kept with it are no better
	}
	s, err := x.connect(ctx)
	if err != nil {
		return err
	}
	err = question(s)
	x.settle(s, err)
	return err
}

// settle gives a connection back that is still good after the question ended
// so, closes it otherwise, and says which.
func (x *indexView) settle(conn *wire.Sync, err error) (good bool) {
	if err == nil || isNo(err) {
		x.kept.give(conn)
		return true
	}
	_ = conn.Close()
	return false
}

// isNo says whether the server answered no, on a connection that goes on.
func isNo(err error) bool {
	var refused *target.RefusedError
	return errors.As(err, &refused) && refused.Status != "BYE"
}

// isCrash says whether the question itself was the end of the server's
// process. Five such ends make Cyrus's master give the whole service up, so it
// is not asked again.
func isCrash(err error) bool {
	var refused *target.RefusedError
	return errors.As(err, &refused) && strings.HasPrefix(refused.Text, "Fatal error")
}
