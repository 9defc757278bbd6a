package wire

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/dlist"
	"github.com/cyrdrill/cyrdrill/harness/target/lex"
)

// Sync is an authenticated connection on which the sync protocol is spoken: to
// sync_server ([NewSync]), or to imapd ([NewSyncByIMAP]). What it asks by GET and
// fails to hear is in nobody's doubt; what it changes by APPLY may be. It is not
// safe for concurrent use. After an error other than a [target.RefusedError] it
// is of no more use.
type Sync struct{ line syncLine }

var _ target.SyncConversation = (*Sync)(nil)

// syncLine carries the sync protocol.
type syncLine interface {
	// get sends GET, and returns the untagged lines of the answer.
	get(ctx context.Context, what dlist.Value) ([][]byte, error)
	// getEach sends GET, and calls read at each of the answer's lines that has the key. It
	// reads that line whole, its end included, or fails.
	getEach(ctx context.Context, what dlist.Value, key string, read func(in *bufio.Reader) error) error
	// apply sends APPLY. What is cut off before its end did not take effect; what gets
	// no answer, or BYE for one, is in doubt.
	apply(ctx context.Context, what dlist.Value) error
	close() error
}

// syncServer is the line to sync_server.
type syncServer struct {
	peer Peer
	conn net.Conn
	in   *bufio.Reader
}

// NewSync greets the sync_server at the other end of conn and logs in as its
// administrator. It owns conn from here on, also when it fails.
func NewSync(ctx context.Context, conn net.Conn, peer Peer, login Login) (*Sync, error) {
	s := &syncServer{peer: peer, conn: conn, in: bufio.NewReaderSize(conn, 64<<10)}
	_, err := s.answer(ctx, "greeting")
	if err == nil {
		_, err = s.ask(ctx, "AUTHENTICATE PLAIN", login.plain())
	}
	if err == nil {
		return &Sync{s}, nil
	}
	_ = conn.Close()
	return nil, peer.notConnected(err)
}

// Close takes leave, without waiting for an answer.
func (s *Sync) Close() error { return s.line.close() }

func (s *syncServer) close() error {
	_ = s.conn.SetWriteDeadline(time.Now().Add(farewell))
	_, _ = s.conn.Write([]byte("EXIT\r\n"))
	return s.conn.Close()
}

// Get sends GET with a key and its value, and returns the values of the answer.
func (s *Sync) Get(ctx context.Context, what dlist.Value) ([]dlist.Value, error) {
	lines, err := s.line.get(ctx, what)
	if err != nil {
		return nil, err
	}
	values := make([]dlist.Value, len(lines))
	for i, line := range lines {
		if values[i], err = dlist.ParseLine(line); err != nil {
			return nil, fmt.Errorf("GET %s: answer not understood: %w", what.Key, err)
		}
	}
	return values, nil
}

func (s *syncServer) get(ctx context.Context, what dlist.Value) ([][]byte, error) {
	return s.ask(ctx, "GET "+what.Key, strings.TrimPrefix(what.Line(), what.Key+" "))
}

func (s *syncServer) getEach(ctx context.Context, what dlist.Value, key string, read func(in *bufio.Reader) error) error {
	stop := closeAtEnd(ctx, s.conn)
	defer stop()
	name := "GET " + what.Key
	if err := s.send(ctx, name, strings.TrimPrefix(what.Line(), what.Key+" ")); err != nil {
		return err
	}
	head := lex.Stream{In: s.in}
	for {
		begun, err := head.Begins(star + key + " ")
		if err == nil && begun {
			if _, err = s.in.Discard(len(star)); err == nil {
				err = read(s.in)
			}
		}
		over := false
		if err == nil && !begun {
			_, over, err = s.next(ctx, name)
		}
		var cut *lex.ReadError
		if errors.As(err, &cut) {
			return fmt.Errorf("%s: reading the answer: %w", name, because(ctx, cut.Err))
		}
		if err != nil || over {
			return err
		}
	}
}

func (s *syncServer) apply(ctx context.Context, what dlist.Value) error {
	if err := ctx.Err(); err != nil {
		return s.peer.Unreachable(err)
	}
	stop := closeAtEnd(ctx, s.conn)
	defer stop()
	name := "APPLY " + what.Key
	if _, err := s.conn.Write([]byte("APPLY " + what.Line() + "\r\n")); err != nil {
		return s.peer.Unreachable(fmt.Errorf("%s: cut off before its end: %w", name, because(ctx, err)))
	}
	_, err := s.answer(ctx, name)
	if refused := (*target.RefusedError)(nil); errors.As(err, &refused) && refused.Status == "BYE" {
		return fmt.Errorf("%s: no answer but BYE %s", name, refused.Text)
	}
	return err
}

// ask sends a command and returns the untagged lines of its answer. Errors
// carry the command's name and never its argument, which may be a password.
func (s *syncServer) ask(ctx context.Context, name, argument string) ([][]byte, error) {
	stop := closeAtEnd(ctx, s.conn)
	defer stop()
	if err := s.send(ctx, name, argument); err != nil {
		return nil, err
	}
	return s.answer(ctx, name)
}

func (s *syncServer) send(ctx context.Context, name, argument string) error {
	if _, err := s.conn.Write([]byte(name + " " + argument + "\r\n")); err != nil {
		return fmt.Errorf("%s: sending: %w", name, because(ctx, err))
	}
	return nil
}

// answer reads lines up to the one that says OK, NO, BAD or BYE.
func (s *syncServer) answer(ctx context.Context, name string) ([][]byte, error) {
	stop := closeAtEnd(ctx, s.conn)
	defer stop()
	var lines [][]byte
	for {
		line, over, err := s.next(ctx, name)
		if err != nil {
			return nil, err
		}
		if over {
			return lines, nil
		}
		lines = append(lines, line)
	}
}

// star stands before what is no command's outcome.
const star = "* "

// next reads one line, without its star, or finds that the answer is over.
func (s *syncServer) next(ctx context.Context, name string) (line []byte, over bool, err error) {
	answer, err := lex.ReadAnswer(s.in, isSyncStatus)
	if err != nil {
		return nil, false, fmt.Errorf("%s: reading the answer: %w", name, because(ctx, err))
	}
	// One line end alone: before it there may be those of a message.
	text := bytes.TrimSuffix(bytes.TrimSuffix(answer, []byte("\n")), []byte("\r"))
	if !isSyncStatus(text) {
		line, untagged := bytes.CutPrefix(text, []byte(star))
		if !untagged {
			return nil, false, fmt.Errorf("%s: answer not understood: %.60q", name, text)
		}
		return line, false, nil
	}
	status, rest, _ := strings.Cut(strings.TrimPrefix(string(text), star), " ")
	switch status {
	case "OK":
		return nil, true, nil
	case "Fatal": // "* Fatal error: …", and the process is gone
		return nil, false, &target.RefusedError{Command: name, Status: "BYE", Text: status + " " + rest}
	}
	return nil, false, syncRefusal(name, status, rest)
}

func syncRefusal(name, status, text string) error {
	refused := &target.RefusedError{Command: name, Status: status, Text: text}
	if code, rest, _ := strings.Cut(text, " "); strings.HasPrefix(code, "IMAP_") {
		refused.Code, refused.Text = code, rest
	}
	return refused
}

// isSyncStatus tells a line that ends an answer from the values in it. The
// greeting's last line, and a server's last words, have a star before them.
func isSyncStatus(line []byte) bool {
	word, _, _ := bytes.Cut(bytes.TrimPrefix(bytes.TrimRight(line, "\r\n"), []byte(star)), []byte(" "))
	switch string(word) {
	case "OK", "NO", "BAD", "BYE", "Fatal":
		return true
	}
	return false
}
