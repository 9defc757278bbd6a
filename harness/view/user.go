package view

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/wire"
)

// userView is what users get of a server.
type userView struct {
	server server
	admins *admins
	kept   pool[*wire.LMTP]
}

// Login opens an IMAP session as the account, by the administrator's leave.
func (u *userView) Login(ctx context.Context, account string) (target.Session, error) {
	client, err := u.server.imap(ctx, account)
	if err != nil {
		return nil, err
	}
	return session{client}, nil
}

// Deliver hands one message to the account by LMTP. A connection that was kept
// may have ended since: as long as nothing was delivered for certain, and not
// because of this message, it is tried once more on a new one.
func (u *userView) Deliver(ctx context.Context, account string, message []byte) error {
	if conn, ok := u.kept.take(); ok {
		err := u.deliver(ctx, conn, account, message)
		if !isStale(err) || ctx.Err() != nil {
			return err
		}
		u.kept.drop()
	}
	conn, peer, err := u.server.dial(ctx, LMTP)
	if err != nil {
		return err
	}
	l, err := wire.NewLMTP(ctx, conn, peer)
	if err != nil {
		return err
	}
	return u.deliver(ctx, l, account, message)
}

// deliver keeps the connection after a success, and closes it otherwise: a
// refusal may leave half a transaction behind.
func (u *userView) deliver(ctx context.Context, conn *wire.LMTP, account string, message []byte) error {
	err := conn.Deliver(ctx, account, message)
	if err == nil {
		u.kept.give(conn)
	} else {
		_ = conn.Close()
	}
	return err
}

// isStale says whether the delivery failed for its connection, with nothing
// delivered: that was lost, or the server ends it with 421.
func isStale(err error) bool {
	var refused *target.RefusedError
	var unreachable *target.UnreachableError
	return errors.As(err, &unreachable) || errors.As(err, &refused) && refused.Status == "421"
}

// session is one IMAP session.
type session struct{ client *wire.IMAP }

// List returns the names of the mailboxes that can be selected, sorted.
func (s session) List(ctx context.Context) ([]string, error) { return s.list(ctx, "*") }

// ListOwn implements [target.OwnLister].
func (s session) ListOwn(ctx context.Context) ([]string, error) {
	return s.list(ctx, "INBOX", "INBOX/*")
}

func (s session) list(ctx context.Context, patterns ...string) ([]string, error) {
	mailboxes, err := s.client.List(ctx, patterns...)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, m := range mailboxes {
		if !slices.ContainsFunc(m.Attributes, isUnselectable) {
			names = append(names, m.Name)
		}
	}
	slices.Sort(names)
	return names, nil
}

func isUnselectable(attribute string) bool {
	return strings.EqualFold(attribute, `\Noselect`) || strings.EqualFold(attribute, `\NonExistent`)
}

// Records returns the mailbox's messages in order of UID.
func (s session) Records(ctx context.Context, mailbox string) ([]target.Record, error) {
	return s.RecordsOf(ctx, mailbox, nil)
}

// RecordsOf implements [target.PartReader].
func (s session) RecordsOf(ctx context.Context, mailbox string, uids []uint32) ([]target.Record, error) {
	messages, err := s.client.RecordsOf(ctx, mailbox, uids)
	if err != nil {
		return nil, err
	}
	records := make([]target.Record, len(messages))
	for i, m := range messages {
		records[i] = target.Record{
			UID:          m.UID,
			GUID:         m.SHA1,
			Size:         m.Size,
			InternalDate: m.InternalDate,
			Flags:        recordFlags(m.Flags),
			ModSeq:       m.ModSeq,
		}
	}
	return records, nil
}

// Open implements [target.PartReader].
func (s session) Open(ctx context.Context, mailbox string) error { return s.client.Open(ctx, mailbox) }

// CreatedModSeqs implements [target.CreationTeller].
func (s session) CreatedModSeqs(ctx context.Context, mailbox string, uids []uint32) (map[uint32]uint64, error) {
	return s.client.CreatedModSeqs(ctx, mailbox, uids)
}

// Header returns one header field's value by UID.
func (s session) Header(ctx context.Context, mailbox, field string, uids []uint32) (map[uint32]string, error) {
	values := map[uint32]string{}
	err := s.client.Headers(ctx, mailbox, field, uids, func(uid uint32, header []byte) error {
		if value, ok := headerValue(header, field); ok {
			values[uid] = value
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return values, nil
}

// headerValue returns the value of the first such field, in one line.
func headerValue(header []byte, field string) (string, bool) {
	for line := range strings.SplitSeq(unfold(string(header)), "\n") {
		name, value, ok := strings.Cut(line, ":")
		if ok && strings.EqualFold(strings.TrimSpace(name), field) {
			return strings.TrimSpace(value), true
		}
	}
	return "", false
}

// unfold joins the lines of a folded field.
func unfold(header string) string {
	return strings.NewReplacer("\r\n ", " ", "\r\n\t", " ", "\r\n", "\n").Replace(header)
}

// Bodies calls each with the whole of each message.
func (s session) Bodies(ctx context.Context, mailbox string, uids []uint32, each func(uid uint32, body []byte) error) error {
	return s.client.Bodies(ctx, mailbox, uids, each)
}

// Resync tells what has become of a mailbox since a client last looked.
func (s session) Resync(ctx context.Context, mailbox string, known target.Known) (target.Resync, error) {
	told, err := s.client.Resync(ctx, mailbox, known)
	for i := range told.Changed {
		told.Changed[i].Flags = recordFlags(told.Changed[i].Flags)
	}
	return told, err
}

// Append stores messages in one command.
func (s session) Append(ctx context.Context, mailbox string, messages ...target.AppendMessage) (uint32, []uint32, error) {
	if len(messages) == 0 {
		return 0, nil, nil
	}
	return s.client.Append(ctx, mailbox, messages)
}

// Expunge removes messages for good.
func (s session) Expunge(ctx context.Context, mailbox string, uids []uint32) error {
	if len(uids) == 0 {
		return nil // nil is no message here, and would be every one in a set
	}
	return s.client.Expunge(ctx, mailbox, uids)
}

// SetFlags adds flags and then removes others.
func (s session) SetFlags(ctx context.Context, mailbox string, uids []uint32, add, remove []string) error {
	return s.client.SetFlags(ctx, mailbox, uids, add, remove)
}

// Copy copies messages into another mailbox.
func (s session) Copy(ctx context.Context, mailbox string, uids []uint32, to string) error {
	return s.client.Copy(ctx, mailbox, uids, to)
}

// Move moves messages into another mailbox.
func (s session) Move(ctx context.Context, mailbox string, uids []uint32, to string) error {
	return s.client.Move(ctx, mailbox, uids, to)
}

// Close logs out.
func (s session) Close() error { return s.client.Close() }
