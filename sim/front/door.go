package front

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

// talker holds one conversation to its end. It need not close the connection.
type talker interface {
	talk(ctx context.Context, c *conn)
	// close ends what the talker runs apart from conversations.
	close() error
}

// door is where one service of one server is reached. Its fronts' lock guards it.
type door struct {
	fronts  *Fronts
	server  target.ServerName
	service Service
	talker  talker
	address string // for as long as the fronts are open

	listener net.Listener // nil: connections are refused
	life     int          // of the server
	closed   bool
	inside   map[*conn]bool
}

func newDoor(f *Fronts, server target.ServerName, service Service) *door {
	d := &door{fronts: f, server: server, service: service, inside: map[*conn]bool{}}
	d.talker = newTalker(d)
	return d
}

// reserve finds the door's address, and begins to listen there.
func (d *door) reserve(address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("opening %s of %s: %w", d.service, d.server, err)
	}
	d.address = listener.Addr().String()
	d.open(listener)
	return nil
}

func (d *door) open(listener net.Listener) {
	d.listener = listener
	d.fronts.ended.Go(func() { d.receive(listener) })
}

// adjust makes the door what the server's condition asks for. Where its address
// cannot be had back, the next time may bring it.
func (d *door) adjust(condition sim.Condition, life int) {
	if condition == sim.Refuses || life != d.life {
		for c := range d.inside {
			c.cut()
		}
	}
	d.life = life
	switch {
	case condition == sim.Refuses && d.listener != nil:
		_ = d.listener.Close()
		d.listener = nil
	case condition != sim.Refuses && d.listener == nil && !d.closed:
		if listener, err := net.Listen("tcp", d.address); err == nil {
			d.open(listener)
		}
	}
}

func (d *door) close() error {
	d.closed = true
	d.adjust(sim.Refuses, d.life)
	return d.talker.close()
}

// receive lets clients in until the listener is closed.
func (d *door) receive(listener net.Listener) {
	for {
		accepted, err := listener.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			d.rest()
			continue
		}
		d.fronts.mu.Lock()
		if d.listener != listener {
			_ = accepted.Close()
		} else {
			c := &conn{Conn: accepted, door: d, life: d.life, left: make(chan struct{})}
			d.inside[c] = true
			d.fronts.ended.Go(func() { d.attend(c) })
		}
		d.fronts.mu.Unlock()
	}
}

// rest waits a moment where the system is short of something.
func (d *door) rest() {
	select {
	case <-d.fronts.ctx.Done():
	case <-time.After(tick):
	}
}

// attend holds one conversation, which begins once the server answers.
func (d *door) attend(c *conn) {
	if err := c.ask(func(*sim.Pair) error { return nil }); err == nil {
		d.talker.talk(d.fronts.ctx, c)
	}
	_ = c.Close()
	d.fronts.mu.Lock()
	delete(d.inside, c)
	d.fronts.mu.Unlock()
}

// conn is one client's connection.
type conn struct {
	net.Conn
	door  *door
	life  int // of the server
	leave sync.Once
	left  chan struct{} // closed once the conversation has ended
	first io.Reader     // hears what the client says before the talker does; nil: nobody
}

// Close ends the conversation, from within.
func (c *conn) Close() error {
	c.leave.Do(func() { close(c.left) })
	return c.Conn.Close()
}

// Read implements [net.Conn].
func (c *conn) Read(p []byte) (int, error) {
	if c.first != nil {
		return c.first.Read(p)
	}
	return c.hear(p)
}

// hear reads what the client says. A server that hangs reads nothing: what its client says
// waits in the kernel, whatever it is.
func (c *conn) hear(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if gone := c.ask(func(*sim.Pair) error { return nil }); gone != nil {
		return 0, gone
	}
	return n, err
}

// SetReadDeadline implements [net.Conn], and does nothing: nobody is thrown out for
// having said half a command to a server that hangs.
func (c *conn) SetReadDeadline(time.Time) error { return nil }

// cut ends the connection from without; the conversation notices.
func (c *conn) cut() { _ = c.Conn.Close() }

// errGone ends a conversation with a server that is down by now.
var errGone = errors.New("the server is gone")

// ask puts one request to the pair, as soon as the service answers: while it hangs,
// its client waits.
func (c *conn) ask(request func(*sim.Pair) error) error {
	for {
		condition, err := sim.Refuses, error(nil)
		c.door.fronts.Do(func(p *sim.Pair) {
			life := 0
			condition, life = p.Condition(c.door.server, string(c.door.service))
			switch {
			case c.door.fronts.ctx.Err() != nil, condition == sim.Refuses, life != c.life:
				err = errGone
			case condition == sim.Answers:
				err = request(p)
			}
		})
		if err != nil || condition == sim.Answers {
			return err
		}
		c.door.rest()
	}
}
