package wire

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"

	"github.com/emersion/go-smtp"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// serviceEnds is the reply of a server that is shutting down or has failed; it
// may stand in place of the reply to anything.
const serviceEnds = 421

// Deliver hands one message to one recipient by LMTP over conn, and closes
// that. Until the final dot is on its way nothing can have been delivered, so
// that far every failure is a refusal or unreachable; after it, a missing
// reply leaves the delivery in doubt.
func Deliver(ctx context.Context, conn net.Conn, peer Peer, recipient string, message []byte) error {
	stop := closeAtEnd(ctx, conn)
	defer stop()
	client := smtp.NewClientLMTP(conn)
	defer func() { _ = client.Close() }()
	data, err := announce(client, recipient)
	if err == nil {
		if _, err = data.Write(message); err != nil {
			err = fmt.Errorf("DATA: cut off before its end: %w", err)
		}
	}
	if err != nil {
		if refused := lmtpRefusal("delivery to "+recipient, err); refused != nil {
			return refused
		}
		return peer.Unreachable(because(ctx, err))
	}
	err = data.Close()
	if err == nil {
		_ = client.Quit()
		return nil
	}
	refused := lmtpRefusal("delivery to "+recipient, err)
	if refused != nil && refused.Status != strconv.Itoa(serviceEnds) {
		return refused
	}
	return fmt.Errorf("delivery to %s: no answer to DATA: %w", recipient, because(ctx, err))
}

// announce does everything up to the point where the message may be sent.
func announce(client *smtp.Client, recipient string) (*smtp.DataCommand, error) {
	if err := client.Hello("localhost"); err != nil {
		return nil, fmt.Errorf("LHLO: %w", err)
	}
	if err := client.Mail("", nil); err != nil {
		return nil, fmt.Errorf("MAIL: %w", err)
	}
	if err := client.Rcpt(recipient, nil); err != nil {
		return nil, fmt.Errorf("RCPT: %w", err)
	}
	data, err := client.Data()
	if err != nil {
		return nil, fmt.Errorf("DATA: %w", err)
	}
	return data, nil
}

// lmtpRefusal returns the server's no, or nil where err is something else.
func lmtpRefusal(command string, err error) *target.RefusedError {
	var reply *smtp.SMTPError
	if !errors.As(err, &reply) || reply.Code < 400 || reply.Code > 599 {
		return nil
	}
	return &target.RefusedError{Command: command, Status: strconv.Itoa(reply.Code), Text: reply.Message}
}
