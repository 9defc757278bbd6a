package view

import (
	"io"
	"sync"
)

// keptConnections is how many connections that nobody uses are kept: as many as look at
// accounts side by side. More may be in use.
const keptConnections = 8

// pool keeps connections for the next who asks. The zero value is ready.
type pool[C io.Closer] struct {
	mu   sync.Mutex
	idle []C
}

// take returns a kept connection, if there is one.
func (p *pool[C]) take() (conn C, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) == 0 {
		return conn, false
	}
	last := len(p.idle) - 1
	conn = p.idle[last]
	p.idle = p.idle[:last]
	return conn, true
}

// give keeps the connection, or closes it where enough are kept.
func (p *pool[C]) give(conn C) {
	p.mu.Lock()
	keep := len(p.idle) < keptConnections
	if keep {
		p.idle = append(p.idle, conn)
	}
	p.mu.Unlock()
	if !keep {
		_ = conn.Close()
	}
}

// drop closes all kept connections.
func (p *pool[C]) drop() {
	for conn, ok := p.take(); ok; conn, ok = p.take() {
		_ = conn.Close()
	}
}
