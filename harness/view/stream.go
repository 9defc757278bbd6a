package view

import (
	"context"
	"errors"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/mailboxname"
	"github.com/cyrdrill/cyrdrill/harness/wire"
)

const (
	// batchOf is how many records are handed over at a time.
	batchOf = 512
	// batchesAhead is how many batches a stream reads ahead of who reads from it. A
	// sync_server keeps its mailbox locked until the answer is sent, so mailboxes of a
	// usual size are read at once, however slow the other side of a comparison is.
	batchesAhead = 32
)

// mailboxStream reads a mailbox's records on a goroutine of its own.
type mailboxStream struct {
	cancel  context.CancelFunc
	batches chan []target.Record // closed at the end
	batch   []target.Record      // what is left of the last one
	header  target.Mailbox       // like err, set when batches is closed
	err     error
}

// StreamMailbox implements [target.MailboxStreamer]. By IMAP the answer is held as a whole
// all the same.
func (x *indexView) StreamMailbox(ctx context.Context, account, mailbox string) target.MailboxStream {
	ctx, cancel := context.WithCancel(ctx)
	s := &mailboxStream{cancel: cancel, batches: make(chan []target.Record, batchesAhead)}
	go func() {
		defer close(s.batches)
		s.header, s.err = x.readInto(ctx, account, mailbox, s.batches)
	}()
	return s
}

// Next implements [target.MailboxStream].
func (s *mailboxStream) Next() (record target.Record, more bool, err error) {
	for len(s.batch) == 0 {
		if s.batch, more = <-s.batches; !more {
			return record, false, s.err
		}
	}
	record, s.batch = s.batch[0], s.batch[1:]
	return record, true, nil
}

// Mailbox implements [target.MailboxStream].
func (s *mailboxStream) Mailbox() target.Mailbox { return s.header }

// Close implements [target.MailboxStream].
func (s *mailboxStream) Close() {
	s.cancel()
	for range s.batches { // what was on its way
	}
}

// readInto hands over the records of a mailbox in batches, and returns the rest of it.
func (x *indexView) readInto(ctx context.Context, account, mailbox string, batches chan<- []target.Record) (target.Mailbox, error) {
	var batch []target.Record
	send := func() error {
		select {
		case batches <- batch:
			batch = nil
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	var full wire.SyncMailbox
	begun := false
	err := x.ask(ctx, func(s *wire.Sync) (err error) {
		full, err = s.FullMailboxEach(ctx, mailboxname.Internal(account, mailbox), func(record wire.SyncRecord) error {
			if begun && batch == nil { // a mailbox of a few records needs no room for more
				batch = make([]target.Record, 0, batchOf)
			}
			begun, batch = true, append(batch, indexRecord(record))
			if len(batch) < batchOf {
				return nil
			}
			return send()
		})
		if err != nil && begun {
			err = &halfwayError{err}
		}
		return err
	})
	var header target.Mailbox
	if err == nil && full.Type != "" {
		err = &target.RefusedError{Command: "GET FULLMAILBOX", Status: "NO", Text: "it holds no mail"}
	}
	if err == nil {
		header, err = indexMailbox(account, full)
	}
	if err == nil {
		err = send()
	}
	if err != nil {
		return target.Mailbox{}, fmt.Errorf("index view of %s of %s on %s: %w", mailbox, account, x.server.name, err)
	}
	return header, nil
}

// halfwayError is what ended an answer of which a part has been handed over already, so
// that the question cannot be put once more.
type halfwayError struct{ err error }

func (e *halfwayError) Error() string { return e.err.Error() }

func (e *halfwayError) Unwrap() error { return e.err }

func isHalfway(err error) bool {
	var halfway *halfwayError
	return errors.As(err, &halfway)
}
