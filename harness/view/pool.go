package view

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/wire"
)

// keptConnections is how many connections that nobody uses are kept. More may
// be in use.
const keptConnections = 4

// pool keeps sync connections for the next who asks. The zero value is ready.
type pool struct {
	mu     sync.Mutex
	idle   []*wire.Sync
	closed bool
}

// take returns a kept connection, or nil.
func (p *pool) take() *wire.Sync {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) == 0 {
		return nil
	}
	last := len(p.idle) - 1
	conn := p.idle[last]
	p.idle = p.idle[:last]
	return conn
}

// give keeps the connection, or closes it where enough are kept.
func (p *pool) give(conn *wire.Sync) {
	p.mu.Lock()
	keep := !p.closed && len(p.idle) < keptConnections
	if keep {
		p.idle = append(p.idle, conn)
	}
	p.mu.Unlock()
	if !keep {
		_ = conn.Close()
	}
}

// drop closes all kept connections.
func (p *pool) drop() {
	for conn := p.take(); conn != nil; conn = p.take() {
		_ = conn.Close()
	}
}

// ask runs the question on a connection. One that was kept may have ended
// since, together with its server: then the question is put once more, on a
// new connection. Questions change nothing, so that is always right.
func (x *indexView) ask(ctx context.Context, question func(*wire.Sync) error) error {
	if conn := x.pool.take(); conn != nil {
		err := question(conn)
		if x.settle(conn, err) || isCrash(err) || ctx.Err() != nil {
			return err
		}
		x.pool.drop() // those that were kept with it are no better
	}
	conn, peer, err := x.server.dial(ctx, Sync)
	if err != nil {
		return err
	}
	s, err := wire.NewSync(ctx, conn, peer, x.server.login(""))
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
		x.pool.give(conn)
		return true
	}
	_ = conn.Close()
	return false
}

// isCrash says whether the question itself was the end of the server's
// process. Five such ends make Cyrus's master give the whole service up, so it
// is not asked again.
func isCrash(err error) bool {
	var refused *target.RefusedError
	return errors.As(err, &refused) && strings.HasPrefix(refused.Text, "Fatal error")
}

func (x *indexView) close() {
	x.pool.mu.Lock()
	x.pool.closed = true
	x.pool.mu.Unlock()
	x.pool.drop()
}
