package wire

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/dlist"
)

// syncIMAP is the line to imapd, which takes the sync protocol's commands of its
// administrators, under other names (SYNCGET).
type syncIMAP struct{ imap *IMAP }

// NewSyncByIMAP greets the IMAP server at the other end of conn, logs in as its
// administrator and asks what there is to ask by SYNCGET, where sync_server's port
// cannot be reached. It owns conn from here on, also when it fails.
//
// It changes nothing, and refuses to: users work on that port. For the same reason
// nobody should use it in place of a sync_server that has died of being asked: imapd
// dies of the same question, and after five deaths its master process lets no user in.
func NewSyncByIMAP(ctx context.Context, conn net.Conn, peer Peer, login Login) (*Sync, error) {
	c, err := NewIMAP(ctx, conn, peer, login)
	if err != nil {
		return nil, err
	}
	if !c.Has("X-REPLICATION") {
		_ = c.Close()
		return nil, &target.RefusedError{Command: "SYNCGET", Status: "BAD", Text: "not sent: the server does not announce X-REPLICATION"}
	}
	return &Sync{syncIMAP{c}}, nil
}

func (s syncIMAP) get(ctx context.Context, what dlist.Value) ([][]byte, error) {
	var lines [][]byte
	_, err := s.imap.run(ctx, command{
		name:  "SYNCGET " + what.Key,
		parts: []part{{text: "SYNCGET " + what.Line()}},
		each: func(response *Response) error {
			if response.Status == "" {
				lines = append(lines, response.line)
			}
			return nil
		},
	})
	var refused *target.RefusedError
	if errors.As(err, &refused) && strings.HasPrefix(refused.Text, "IMAP_") {
		return nil, syncRefusal(refused.Command, refused.Status, refused.Text)
	}
	return lines, err
}

// getEach holds the whole answer: it is heard by whoever listens to all that imapd says.
func (s syncIMAP) getEach(ctx context.Context, what dlist.Value, key string, read func(in *bufio.Reader) error) error {
	lines, err := s.get(ctx, what)
	for _, line := range lines {
		if err == nil && bytes.HasPrefix(line, []byte(key+" ")) {
			err = read(bufio.NewReader(io.MultiReader(bytes.NewReader(line), strings.NewReader("\r\n"))))
		}
	}
	return err
}

func (syncIMAP) apply(_ context.Context, what dlist.Value) error {
	return &target.RefusedError{Command: "SYNCAPPLY " + what.Key, Status: "BAD", Text: "not sent: by IMAP there is only asking"}
}

func (s syncIMAP) close() error { return s.imap.Close() }
