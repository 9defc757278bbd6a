package front

import (
	"context"
	"net"
	"sync"
)

// library is a talker whose protocol a library speaks, which wants to accept
// connections itself: it gets them from a listener without a socket.
type library struct {
	conns chan net.Conn
	shut  chan struct{}
	once  sync.Once
	addr  address
}

var (
	_ talker       = (*library)(nil)
	_ net.Listener = (*library)(nil)
)

// newLibrary lets a library serve a door until that is closed.
func newLibrary(d *door, serve func(net.Listener) error) *library {
	l := &library{conns: make(chan net.Conn), shut: make(chan struct{}), addr: address(d.service)}
	d.fronts.ended.Go(func() { _ = serve(l) }) // it ends as the listener is closed
	return l
}

// talk hands the connection over, and waits until the library has closed it.
func (l *library) talk(ctx context.Context, c *conn) {
	select {
	case l.conns <- c:
		<-c.left
	case <-ctx.Done():
	}
}

func (l *library) close() error {
	l.once.Do(func() { close(l.shut) })
	return nil
}

// Accept implements [net.Listener].
func (l *library) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.shut:
		return nil, net.ErrClosed
	}
}

// Close implements [net.Listener].
func (l *library) Close() error { return l.close() }

// Addr implements [net.Listener].
func (l *library) Addr() net.Addr { return l.addr }

// address names what has no address of its own.
type address string

func (address) Network() string  { return "front" }
func (a address) String() string { return string(a) }
