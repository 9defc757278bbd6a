package wire

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// serviceEnds is the reply of a server that is shutting down or has failed; it
// may stand in place of the reply to anything.
const serviceEnds = "421"

// LMTP is one connection to a server's LMTP. It is not safe for concurrent
// use. After an error from Deliver it is of no more use.
type LMTP struct {
	peer   Peer
	conn   net.Conn
	client *smtp.Client
}

// NewLMTP greets the LMTP server at the other end of conn. It owns conn from
// here on, also when it fails.
func NewLMTP(ctx context.Context, conn net.Conn, peer Peer) (*LMTP, error) {
	stop := closeAtEnd(ctx, conn)
	defer stop()
	l := &LMTP{peer: peer, conn: conn, client: smtp.NewClientLMTP(conn)}
	if err := l.client.Hello("localhost"); err != nil {
		_ = conn.Close()
		return nil, l.notSent(ctx, "LHLO", err)
	}
	return l, nil
}

// Close takes leave, without waiting for an answer.
func (l *LMTP) Close() error {
	_ = l.conn.SetWriteDeadline(time.Now().Add(farewell))
	_, _ = l.conn.Write([]byte("QUIT\r\n"))
	return l.conn.Close()
}

// Deliver hands one message to one recipient. Until the final dot is on its
// way nothing can have been delivered, so that far every failure is a refusal
// or unreachable; after it, a missing reply leaves the delivery in doubt.
func (l *LMTP) Deliver(ctx context.Context, recipient string, message []byte) error {
	stop := closeAtEnd(ctx, l.conn)
	defer stop()
	name := "delivery to " + recipient
	if err := l.client.Mail("", nil); err != nil {
		return l.notSent(ctx, name, err)
	}
	if err := l.client.Rcpt(recipient, nil); err != nil {
		return l.notSent(ctx, name, err)
	}
	data, err := l.client.Data()
	if err != nil {
		return l.notSent(ctx, name, err)
	}
	if _, err := data.Write(message); err != nil {
		return l.notSent(ctx, name, err)
	}
	if err = data.Close(); err == nil {
		return nil
	}
	if refused := lmtpRefusal(name, err); refused != nil && refused.Status != serviceEnds {
		return refused
	}
	return fmt.Errorf("%s: no answer to the message: %w", name, because(ctx, err))
}

// notSent says of a delivery that did not come to its final dot why not.
func (l *LMTP) notSent(ctx context.Context, name string, err error) error {
	if refused := lmtpRefusal(name, err); refused != nil {
		return refused
	}
	return l.peer.Unreachable(fmt.Errorf("%s: %w", name, because(ctx, err)))
}

// lmtpRefusal returns the server's no, or nil where err is something else.
func lmtpRefusal(command string, err error) *target.RefusedError {
	var reply *smtp.SMTPError
	if !errors.As(err, &reply) || reply.Code < 400 || reply.Code > 599 {
		return nil
	}
	return &target.RefusedError{Command: command, Status: strconv.Itoa(reply.Code), Text: reply.Message}
}
