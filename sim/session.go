package sim

import (
	"bytes"
	"context"
	"fmt"
	"net/mail"
	"slices"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// session is one IMAP session.
type session struct {
	*server
	unmodelled
	account string
	life    int // of the server, when it was opened
	closed  bool
}

var _ target.Session = (*session)(nil)

// do lets one command take about d, until just before its effect.
func (s *session) do(ctx context.Context, command string, d time.Duration) error {
	if s.closed {
		return fmt.Errorf("%s: the session is closed", command)
	}
	if err := s.stillUp(s.life, command); err != nil {
		return &target.UnreachableError{Server: s.name, Service: "imap", Err: err}
	}
	if err := s.pair.takes(ctx, d); err != nil {
		return err
	}
	return s.stillUp(s.life, command)
}

// open returns a mailbox for a command.
func (s *session) open(ctx context.Context, command, name string, d time.Duration) (*mailbox, error) {
	command += " " + name
	if err := s.do(ctx, command, d); err != nil {
		return nil, err
	}
	m, ok := s.disk.mailboxes[box{s.account, name}]
	if !ok {
		return nil, &target.RefusedError{Command: command, Status: "NO", Code: "NONEXISTENT", Text: "Mailbox does not exist"}
	}
	return m, nil
}

// Status implements [target.MailboxChanges].
func (s *session) Status(ctx context.Context, name string) (target.Counters, error) {
	m, err := s.open(ctx, "STATUS", name, readTime)
	if err != nil {
		return target.Counters{}, err
	}
	return target.Counters{UIDValidity: m.uidValidity, UIDNext: m.lastUID + 1, HighestModSeq: m.highestModSeq}, nil
}

// List implements [target.Session].
func (s *session) List(ctx context.Context) ([]string, error) {
	if err := s.do(ctx, "LIST", readTime); err != nil {
		return nil, err
	}
	names := []string{}
	for b := range s.disk.mailboxes {
		if b.account == s.account {
			names = append(names, b.mailbox)
		}
	}
	slices.Sort(names)
	return names, nil
}

// Records implements [target.Session].
func (s *session) Records(ctx context.Context, name string) ([]target.Record, error) {
	m, err := s.open(ctx, "EXAMINE", name, readTime)
	if err != nil {
		return nil, err
	}
	return (target.Mailbox{Records: cloneRecords(m.records)}).Live(), nil
}

// Header implements [target.Session].
func (s *session) Header(ctx context.Context, name, field string, uids []uint32) (map[uint32]string, error) {
	values := map[uint32]string{}
	err := s.Bodies(ctx, name, uids, func(uid uint32, body []byte) error {
		message, err := mail.ReadMessage(bytes.NewReader(body))
		if err != nil {
			return nil // a message without a readable header has no field
		}
		if value := message.Header.Get(field); value != "" {
			values[uid] = value
		}
		return nil
	})
	return values, err
}

// Bodies implements [target.Session].
func (s *session) Bodies(ctx context.Context, name string, uids []uint32, each func(uint32, []byte) error) error {
	m, err := s.open(ctx, "EXAMINE", name, readTime)
	if err != nil {
		return err
	}
	for _, record := range cloneRecords(m.records) {
		if record.Expunged || uids != nil && !slices.Contains(uids, record.UID) {
			continue
		}
		body, ok := s.disk.spool[record.GUID]
		if ok {
			body = slices.Clone(body)
		}
		if err := each(record.UID, body); err != nil {
			return err
		}
	}
	return nil
}

// Append implements [target.Session].
func (s *session) Append(ctx context.Context, name string, messages ...target.AppendMessage) (uint32, []uint32, error) {
	m, err := s.open(ctx, "APPEND", name, appendTime)
	if err != nil {
		return 0, nil, err
	}
	var uids []uint32
	for _, message := range messages {
		date := message.InternalDate
		if date.IsZero() {
			date = s.pair.now
		}
		guid := s.disk.store(slices.Clone(message.Body))
		uids = append(uids, m.add(guid, len(message.Body), date, message.Flags))
		s.pair.tracef("%s appended %.8s to %s of %s as UID %d", s.name, guid, name, s.account, m.lastUID)
	}
	s.changed(box{s.account, name}, appended...)
	return m.uidValidity, uids, s.answer(ctx, s.life, "APPEND "+name)
}

// Expunge implements [target.Session]. UIDs that are not there are passed over
// (RFC 4315, section 2.1).
func (s *session) Expunge(ctx context.Context, name string, uids []uint32) error {
	m, err := s.open(ctx, "UID EXPUNGE", name, expungeTime)
	if err != nil {
		return err
	}
	for _, uid := range uids {
		if m.expunge(uid) {
			s.pair.tracef("%s expunged UID %d from %s of %s", s.name, uid, name, s.account)
		}
	}
	s.changed(box{s.account, name}, expunged...)
	return s.answer(ctx, s.life, "UID EXPUNGE "+name)
}

// Close implements [target.Session].
func (s *session) Close() error {
	s.closed = true
	return nil
}
