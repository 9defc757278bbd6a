package front

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/dlist"
	"github.com/cyrdrill/cyrdrill/harness/target/lex"
	"github.com/cyrdrill/cyrdrill/sim"
)

// World gives whoever wants to use the simulated pair the pair alone.
type World interface {
	Do(use func(*sim.Pair))
}

// Sync is the sync protocol of one simulated server: its sync_server, as a real
// sync_client and the harness's own client find it. It takes AUTHENTICATE PLAIN, GET,
// APPLY, RESTART, NOOP and EXIT, and offers neither compression nor TLS.
type Sync struct {
	World  World
	Server target.ServerName
	// Admin and Password are the only ones who may do anything.
	Admin, Password string
	// Options are for each conversation.
	Options []sim.SyncOption
}

// syncTalker speaks the sync protocol at a door.
type syncTalker struct{ *Sync }

func (syncTalker) close() error { return nil }

func (t syncTalker) talk(ctx context.Context, c *conn) { t.Converse(ctx, c) }

// Serve answers on the listener until the context ends, and closes it.
func (s *Sync) Serve(ctx context.Context, listener net.Listener) error {
	stop := context.AfterFunc(ctx, func() { _ = listener.Close() })
	defer stop()
	for {
		conn, err := listener.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("sync protocol of %s: %w", s.Server, err)
		}
		go s.Converse(ctx, conn)
	}
}

// Converse holds one conversation, to its end.
func (s *Sync) Converse(ctx context.Context, conn net.Conn) {
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	c := &syncConversation{Sync: s, ctx: ctx, in: bufio.NewReaderSize(conn, 64<<10), out: bufio.NewWriterSize(conn, 64<<10)}
	err := c.patiently(func(p *sim.Pair) (err error) {
		if c.session == nil || errors.Is(err, sim.ErrSyncServerStopped) {
			c.session, err = p.NewSyncSession(s.Server, s.Options...)
		}
		return err
	})
	if err != nil {
		return
	}
	for _, line := range c.session.Banner() {
		c.say(line)
	}
	for err == nil {
		if err = c.out.Flush(); err == nil {
			err = c.command()
		}
	}
	_ = c.out.Flush()
}

// syncConversation is one connection.
type syncConversation struct {
	*Sync
	ctx     context.Context
	in      *bufio.Reader
	out     *bufio.Writer
	session *sim.SyncSession
	user    string // who has logged in
}

// errFinished ends a conversation that is over.
var errFinished = errors.New("finished")

func (c *syncConversation) say(line string) { _, _ = c.out.WriteString(line + "\r\n") }

// command reads one command and answers it.
func (c *syncConversation) command() error {
	read, err := lex.ReadAnswer(c.in, func([]byte) bool { return false })
	if err != nil {
		return err
	}
	// One line end alone: before it there may be those of a message.
	text := bytes.TrimSuffix(bytes.TrimSuffix(read, []byte("\n")), []byte("\r"))
	verb, argument, _ := bytes.Cut(text, []byte(" "))
	name := strings.ToUpper(string(verb))
	switch {
	case name == "":
		c.say("BAD Null command")
	case c.user != "" && c.user != c.Admin:
		c.say("NO Permission denied")
	case name == "EXIT":
		c.say("OK Finished")
		return errFinished
	case name == "NOOP":
		c.say("OK Noop completed")
	case name == "RESTART":
		c.session.Restart()
		c.say("OK Restarting")
	case name == "AUTHENTICATE":
		return c.authenticate(string(argument))
	case name != "GET" && name != "APPLY":
		c.say("BAD IMAP_PROTOCOL_ERROR Unrecognized command")
	case c.user == "":
		c.say("NO Please authenticate first")
	default:
		return c.ask(name, argument)
	}
	return nil
}

// ask puts a command to the model.
func (c *syncConversation) ask(name string, argument []byte) error {
	what, err := dlist.ParseLine(argument)
	if err != nil {
		c.say(fmt.Sprintf("BAD IMAP_PROTOCOL_ERROR Failed to parse %s line", name))
		return nil
	}
	var answer sim.SyncAnswer
	err = c.patiently(func(*sim.Pair) (err error) {
		if name == "GET" {
			answer, err = c.session.Get(what)
		} else {
			answer, err = c.session.Apply(what)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, line := range answer.Lines {
		c.say("* " + line.Answer())
	}
	if !answer.Ended {
		c.say(answer.Status)
		return nil
	}
	if answer.LastWords != "" {
		c.say(answer.LastWords)
	}
	return errFinished
}

// patiently uses the pair, as soon as the server's process is not stopped.
func (c *syncConversation) patiently(use func(*sim.Pair) error) error {
	const pause = 20 * time.Millisecond
	for {
		var err error
		c.World.Do(func(p *sim.Pair) { err = use(p) })
		if !errors.Is(err, sim.ErrSyncServerStopped) {
			return err
		}
		select {
		case <-c.ctx.Done():
			return c.ctx.Err()
		case <-time.After(pause):
		}
	}
}

// authenticate takes PLAIN, with its response in the same line or in the next.
func (c *syncConversation) authenticate(argument string) error {
	mechanism, response, initial := strings.Cut(argument, " ")
	switch {
	case c.user != "":
		c.say("BAD Already authenticated")
		return nil
	case !strings.EqualFold(mechanism, "PLAIN"):
		c.say("NO no mechanism available")
		return nil
	}
	if !initial {
		c.say("+ ")
		if err := c.out.Flush(); err != nil {
			return err
		}
		line, err := c.in.ReadString('\n')
		if err != nil {
			return err
		}
		response = strings.TrimRight(line, "\r\n")
	}
	user, ok := c.login(response)
	if !ok {
		c.say("NO authentication failure")
		return nil
	}
	c.user = user
	c.say("OK Success (no protection)")
	return nil
}

// login returns whom a response of PLAIN lets in. The administrator may be anybody.
func (c *syncConversation) login(response string) (user string, ok bool) {
	decoded, err := base64.StdEncoding.DecodeString(response)
	parts := strings.Split(string(decoded), "\x00")
	if err != nil || len(parts) != 3 || parts[1] != c.Admin || parts[2] != c.Password {
		return "", false
	}
	if parts[0] != "" {
		return parts[0], true
	}
	return parts[1], true
}
