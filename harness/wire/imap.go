package wire

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// IMAP is one authenticated connection to an IMAP server. It is not safe for
// concurrent use.
//
// A goroutine reads all that the server says, also while nothing is asked: so
// a server that has said BYE, or has gone, is known before a command is sent
// to it, and that command is then refused or unreachable, and not in doubt.
type IMAP struct {
	peer    Peer
	conn    net.Conn
	out     *bufio.Writer
	answers <-chan answer[*Response] // closed when nothing more can come
	closed  chan struct{}
	close   func()

	lastTag int
	caps    []string
	bye     *Response // the server's last words
	lost    error     // why the connection is of no more use
}

// answer is what a reading goroutine hands over.
type answer[R any] struct {
	response R
	err      error
}

// NewIMAP greets the IMAP server at the other end of conn and logs in. It owns
// conn from here on, also when it fails.
func NewIMAP(ctx context.Context, conn net.Conn, peer Peer, login Login) (*IMAP, error) {
	answers, closed := make(chan answer[*Response], 16), make(chan struct{})
	c := &IMAP{
		peer: peer, conn: conn, out: bufio.NewWriterSize(conn, 64<<10), answers: answers, closed: closed,
		close: sync.OnceFunc(func() { close(closed); _ = conn.Close() }),
	}
	go readAll(bufio.NewReaderSize(conn, 64<<10), ReadResponse, answers, closed)
	if err := c.start(ctx, login); err != nil {
		c.close()
		return nil, peer.notConnected(err)
	}
	return c, nil
}

// readAll hands over all that the server says, up to the first error.
func readAll[R any](in *bufio.Reader, read func(*bufio.Reader) (R, error), answers chan<- answer[R], closed <-chan struct{}) {
	defer close(answers)
	for {
		response, err := read(in)
		select {
		case answers <- answer[R]{response, err}:
		case <-closed:
			return
		}
		if err != nil {
			return
		}
	}
}

func (c *IMAP) start(ctx context.Context, login Login) error {
	stop := closeAtEnd(ctx, c.conn)
	defer stop()
	greeting, err := c.next()
	if err != nil {
		return fmt.Errorf("greeting: %w", because(ctx, err))
	}
	if greeting.Tag != "*" || greeting.Status != "OK" {
		return &target.RefusedError{Command: "greeting", Status: greeting.Status, Code: greeting.Code, Text: greeting.Text}
	}
	c.learnCaps(greeting)
	response, err := c.run(ctx, command{
		name:  "AUTHENTICATE PLAIN",
		parts: []part{{text: "AUTHENTICATE PLAIN\r\n"}, {text: login.plain(), waits: true}},
	})
	if err != nil {
		return err
	}
	c.learnCaps(response)
	return nil
}

func (c *IMAP) learnCaps(response *Response) {
	if caps, ok := strings.CutPrefix(response.Code, "CAPABILITY "); ok {
		c.caps = strings.Fields(strings.ToUpper(caps))
	}
}

// Has says whether the server announced the capability when it let us in.
func (c *IMAP) Has(capability string) bool { return slices.Contains(c.caps, capability) }

// Close logs out, does not insist on an answer, and gives the connection back.
func (c *IMAP) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	if c.lost == nil {
		_, _ = c.run(ctx, command{name: "LOGOUT", parts: []part{{text: "LOGOUT"}}})
	}
	c.close()
	c.lost = net.ErrClosed
	return nil
}

// part is a piece of a command on its way to the server.
type part struct {
	text  string
	body  []byte // follows the text
	waits bool   // the server must say "+" before it may be sent
}

// command is one command of IMAP.
type command struct {
	name    string // for errors: "APPEND INBOX"
	parts   []part // without tag and last line end
	changes bool   // a lost answer leaves it in doubt
	each    func(*Response) error
}

// run sends commands, each without waiting for the one before (a failed one
// must make those after it fail), and waits for their answers. It returns the
// last one's answer, or the first error.
func (c *IMAP) run(ctx context.Context, commands ...command) (*Response, error) {
	stop := closeAtEnd(ctx, c.conn)
	defer stop()
	if err := c.overheard(ctx, commands[0].name); err != nil {
		return nil, err
	}
	tags := make([]string, len(commands))
	for i, cmd := range commands {
		var err error
		if tags[i], err = c.send(ctx, cmd); err != nil {
			return nil, err
		}
	}
	var first error
	var last *Response
	for i, cmd := range commands {
		if first != nil {
			cmd.each = nil
		}
		response, err := c.finish(ctx, cmd, tags[i])
		if first == nil {
			first = err
		}
		if last = response; c.lost != nil {
			break
		}
	}
	return last, first
}
