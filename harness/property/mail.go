package property

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"net/mail"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/traffic"
)

// Mail is what the accounts' users can read on one server.
type Mail struct {
	Server    target.ServerName
	Mailboxes map[MailboxID]*ReadMailbox
}

// MailboxID names a mailbox of an account.
type MailboxID struct{ Account, Mailbox string }

// ReadMailbox is what one user got of one mailbox.
type ReadMailbox struct {
	// Refused is the server's definite no (or nobody there): the mail in it
	// cannot be read.
	Refused error
	// Unknown is any other failure to read, a timeout above all: it proves
	// nothing about the mail.
	Unknown  error
	Messages []ReadMessage
}

// ReadMessage is one message as the user got it.
type ReadMessage struct {
	UID      uint32
	Marker   string // empty: no message of the drill
	Body     bool   // false: the server listed it and could not give it
	BodySHA1 string
	// AsSent: it ends with the very bytes that the client sent. Above them,
	// delivery adds header fields.
	AsSent bool
}

// ReadMail reads each mailbox that the promises name, as its user would: not
// those that LIST shows, since a mailbox that has vanished is not listed. The
// error is ctx's; failures of the server are kept in the mailboxes.
func ReadMail(ctx context.Context, server target.Server, promises []traffic.Message) (Mail, error) {
	read := Mail{Server: server.Name(), Mailboxes: map[MailboxID]*ReadMailbox{}}
	sent := make(map[string]traffic.Message, len(promises))
	for _, m := range promises {
		sent[m.Marker] = m
	}
	for _, m := range promises {
		id := MailboxID{m.Account, m.Mailbox}
		if _, done := read.Mailboxes[id]; done {
			continue
		}
		read.Mailboxes[id] = readMailbox(ctx, server, id, sent)
		if ctx.Err() != nil {
			return read, fmt.Errorf("reading %s of %s on %s: %w", id.Mailbox, id.Account, server.Name(), ctx.Err())
		}
	}
	return read, nil
}

func readMailbox(ctx context.Context, server target.Server, id MailboxID, sent map[string]traffic.Message) *ReadMailbox {
	box := &ReadMailbox{}
	session, err := server.User().Login(ctx, id.Account)
	if err == nil {
		defer session.Close() // it was only read from
		err = session.Bodies(ctx, id.Mailbox, nil, func(uid uint32, body []byte) error {
			box.Messages = append(box.Messages, newReadMessage(uid, body, sent))
			return nil
		})
	}
	switch {
	case err == nil:
	case target.OutcomeOf(err) == target.Refused && !errors.Is(err, context.DeadlineExceeded):
		box.Refused = err
	default:
		box.Unknown = err
	}
	return box
}

func newReadMessage(uid uint32, body []byte, sent map[string]traffic.Message) ReadMessage {
	m := ReadMessage{UID: uid, Marker: markerOf(body), Body: body != nil, BodySHA1: target.DigestBody(body)}
	if promise, known := sent[m.Marker]; known {
		m.AsSent = endsWith(body, promise.Bytes, promise.SentSHA1)
	}
	return m
}

func endsWith(body []byte, length int, sha1hex string) bool {
	if len(body) < length {
		return false
	}
	sum := sha1.Sum(body[len(body)-length:])
	return hex.EncodeToString(sum[:]) == sha1hex
}

func markerOf(body []byte) string {
	message, err := mail.ReadMessage(bytes.NewReader(body))
	if err != nil {
		return "" // no readable header, so no message that traffic wrote
	}
	return message.Header.Get(traffic.MarkerField)
}

// find returns the messages in the promise's mailbox that carry its marker.
func (m Mail) find(promise traffic.Message) (found []ReadMessage, box *ReadMailbox) {
	box, ok := m.Mailboxes[MailboxID{promise.Account, promise.Mailbox}]
	if !ok {
		return nil, &ReadMailbox{Unknown: errors.New("the mailbox was not read")}
	}
	for _, message := range box.Messages {
		if message.Marker == promise.Marker {
			found = append(found, message)
		}
	}
	return found, box
}
