package wire

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// parting bounds how long a call whose context has ended still tries to say
// LOGOUT.
const parting = 50 * time.Millisecond

// Sieve is one authenticated connection to a ManageSieve server (RFC 5804). It
// is not safe for concurrent use.
//
// As on [IMAP], a goroutine reads all that the server says, so a server that
// has said BYE, or has gone, is known before a command is sent to it.
//
// However a connection ends, LOGOUT is said on it where that can be heard: the
// timsieved of Cyrus 3.6 crashes when a client goes without.
type Sieve struct {
	peer    Peer
	conn    net.Conn
	answers <-chan answer[*sieveAnswer] // closed when nothing more can come
	close   func()

	caps map[string]string
	bye  *sieveAnswer // the server's last words
	lost error        // why the connection is of no more use
}

// SieveScriptName is one script of an account, as LISTSCRIPTS tells it.
type SieveScriptName struct {
	Name   string
	Active bool
}

// NewSieve greets the ManageSieve server at the other end of conn and logs in.
// It owns conn from here on, also when it fails.
func NewSieve(ctx context.Context, conn net.Conn, peer Peer, login Login) (*Sieve, error) {
	answers, closed := make(chan answer[*sieveAnswer], 16), make(chan struct{})
	s := &Sieve{
		peer: peer, conn: conn, answers: answers,
		close: sync.OnceFunc(func() { close(closed); _ = conn.Close() }),
	}
	go readAll(bufio.NewReader(conn), readSieveAnswer, answers, closed)
	if err := s.start(ctx, login); err != nil {
		_ = s.Close()
		return nil, peer.notConnected(err)
	}
	return s, nil
}

func (s *Sieve) start(ctx context.Context, login Login) error {
	stop := leaveAtEnd(ctx, s.conn)
	defer stop()
	greeting, err := s.next()
	if err != nil {
		return fmt.Errorf("greeting: %w", because(ctx, err))
	}
	if greeting.status != "OK" {
		return sieveRefusal("greeting", greeting)
	}
	s.caps, _ = greeting.capabilities()
	_, err = s.run(ctx, sieveCommand{
		name: "AUTHENTICATE PLAIN",
		text: `AUTHENTICATE "PLAIN" ` + sieveString(login.plain()),
	})
	return err
}

// Capabilities returns what the server last said, unasked, that it can do, by
// name in capitals: in its greeting, and by leave of RFC 5804 once more after
// the login. Cyrus says it but once where a login brings no encryption.
func (s *Sieve) Capabilities() map[string]string {
	s.listen()
	return s.caps
}

// Close logs out, does not insist on an answer, and gives the connection back.
func (s *Sieve) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	_, _ = s.run(ctx, sieveCommand{name: "LOGOUT", text: "LOGOUT"})
	s.close()
	s.lost = net.ErrClosed
	return nil
}

// leaveAtEnd is [closeAtEnd] for while no command is half sent: it says LOGOUT
// before it closes the connection.
func leaveAtEnd(ctx context.Context, conn net.Conn) (stop func()) {
	cancel := context.AfterFunc(ctx, func() {
		_ = conn.SetWriteDeadline(time.Now().Add(parting))
		_, _ = conn.Write([]byte("LOGOUT\r\n"))
		_ = conn.Close()
	})
	return func() { cancel() }
}

// sieveCommand is one command of ManageSieve.
type sieveCommand struct {
	name    string // for errors: "PUTSCRIPT rules"
	text    string // without the line end
	changes bool   // a lost answer leaves it in doubt
}

// run sends a command and waits for its answer. An error in sending means that
// some of it was not even handed to the system: the server cannot have it.
func (s *Sieve) run(ctx context.Context, cmd sieveCommand) (*sieveAnswer, error) {
	if err := s.overheard(ctx, cmd.name); err != nil {
		return nil, err
	}
	whole := []byte(cmd.text + "\r\n")
	stop := closeAtEnd(ctx, s.conn)
	sent, err := s.conn.Write(whole)
	stop()
	if sent < len(whole) {
		s.giveUp(err)
		return nil, s.peer.Unreachable(fmt.Errorf("%s: cut off before its end: %w", cmd.name, because(ctx, err)))
	}
	stop = leaveAtEnd(ctx, s.conn)
	defer stop()
	return s.finish(ctx, cmd)
}

// finish waits for the command's answer. Capabilities that nobody asked for may
// come before it.
func (s *Sieve) finish(ctx context.Context, cmd sieveCommand) (*sieveAnswer, error) {
	for {
		a, err := s.next()
		switch {
		case err != nil, s.bye != nil:
			return nil, s.unanswered(ctx, cmd, err)
		case s.learn(a):
		case a.status == "OK":
			return a, nil
		default:
			return nil, sieveRefusal(cmd.name, a)
		}
	}
}

// overheard looks at what the server has said since the last command ended,
// and says whether the next one can be sent at all.
func (s *Sieve) overheard(ctx context.Context, name string) error {
	s.listen()
	switch {
	case s.bye != nil:
		return sieveRefusal(name, s.bye)
	case s.lost != nil:
		return s.peer.Unreachable(s.lost)
	case ctx.Err() != nil:
		return s.peer.Unreachable(ctx.Err())
	}
	return nil
}

// listen takes in what the server has said, without waiting for more.
func (s *Sieve) listen() {
	for s.lost == nil && s.bye == nil {
		select {
		case a, ok := <-s.answers:
			s.note(a, ok)
			if s.lost == nil && s.bye == nil && !s.learn(a.response) {
				s.giveUp(fmt.Errorf("answer to no command: %s %.60q", a.response.status, a.response.text))
			}
		default:
			return
		}
	}
}

// next waits for the next answer.
func (s *Sieve) next() (*sieveAnswer, error) {
	if s.lost != nil {
		return nil, s.lost
	}
	a, ok := <-s.answers
	s.note(a, ok)
	return a.response, s.lost
}

func (s *Sieve) note(a answer[*sieveAnswer], ok bool) {
	switch {
	case !ok && s.lost == nil:
		s.lost = net.ErrClosed
	case !ok:
	case a.err != nil:
		s.lost = a.err
		_ = s.conn.Close()
	case a.response.status == "BYE":
		s.bye = a.response
	}
}

// learn takes capabilities that the server states unasked, and says whether
// the answer was that.
func (s *Sieve) learn(a *sieveAnswer) bool {
	caps, ok := a.capabilities()
	if ok {
		s.caps = caps
	}
	return ok
}

// giveUp closes the connection, after which the next answer would be out of
// step, and listens to what the server said before.
func (s *Sieve) giveUp(err error) {
	_ = s.conn.Close()
	for a := range s.answers {
		s.note(a, true)
	}
	s.lost = err
}

// unanswered says what is known of a command that was sent whole and got no
// answer, as it does on [IMAP].
func (s *Sieve) unanswered(ctx context.Context, cmd sieveCommand, err error) error {
	switch {
	case s.bye != nil && !cmd.changes:
		return sieveRefusal(cmd.name, s.bye)
	case s.bye != nil:
		return fmt.Errorf("%s: no answer but BYE %s", cmd.name, s.bye.text)
	default:
		return fmt.Errorf("%s: no answer: %w", cmd.name, because(ctx, err))
	}
}

func sieveRefusal(name string, a *sieveAnswer) error {
	return &target.RefusedError{Command: name, Status: a.status, Code: a.code, Text: a.text}
}
