package front

import (
	"io"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

// Create implements [imapserver.Session].
func (s *imapSession) Create(name string, _ *imap.CreateOptions) error {
	return s.ask(func(session *sim.IMAPSession) error {
		return session.CreateMailbox(s.ctx, ownName(strings.TrimSuffix(name, "/")))
	})
}

// Delete implements [imapserver.Session].
func (s *imapSession) Delete(name string) error {
	return s.ask(func(session *sim.IMAPSession) error { return session.DeleteMailbox(s.ctx, ownName(name)) })
}

// Rename implements [imapserver.Session].
func (s *imapSession) Rename(name, to string, _ *imap.RenameOptions) error {
	return s.ask(func(session *sim.IMAPSession) error {
		return session.RenameMailbox(s.ctx, ownName(name), ownName(to))
	})
}

// Subscribe implements [imapserver.Session].
func (s *imapSession) Subscribe(name string) error { return s.subscribe(name, true) }

// Unsubscribe implements [imapserver.Session].
func (s *imapSession) Unsubscribe(name string) error { return s.subscribe(name, false) }

func (s *imapSession) subscribe(name string, subscribed bool) error {
	return s.ask(func(session *sim.IMAPSession) error { return session.Subscribe(s.ctx, ownName(name), subscribed) })
}

// List implements [imapserver.Session].
func (s *imapSession) List(w *imapserver.ListWriter, reference string, patterns []string, options *imap.ListOptions) error {
	if len(patterns) == 0 {
		return w.WriteList(&imap.ListData{Attrs: []imap.MailboxAttr{imap.MailboxAttrNoSelect}, Delim: delimiter})
	}
	if s.admin {
		return s.listAll(w, patterns)
	}
	var names, subscribed []string
	err := s.ask(func(session *sim.IMAPSession) (err error) {
		if names, err = session.List(s.ctx); err == nil {
			subscribed, err = session.Subscriptions(s.ctx)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, name := range names {
		isSubscribed := slices.Contains(subscribed, name)
		matches := slices.ContainsFunc(patterns, func(pattern string) bool {
			return imapserver.MatchList(name, delimiter, reference, ownName(pattern))
		})
		if !matches || options.SelectSubscribed && !isSubscribed {
			continue
		}
		data := &imap.ListData{Delim: delimiter, Mailbox: name, Attrs: attributes(name, names, isSubscribed && options.ReturnSubscribed)}
		if options.ReturnStatus != nil {
			// A mailbox that cannot be opened is listed without (RFC 5819, section 2).
			data.Status, _ = s.Status(name, options.ReturnStatus)
		}
		if err := w.WriteList(data); err != nil {
			return err
		}
	}
	return nil
}

func attributes(name string, names []string, subscribed bool) []imap.MailboxAttr {
	attrs := []imap.MailboxAttr{imap.MailboxAttrHasNoChildren}
	if slices.ContainsFunc(names, func(other string) bool { return strings.HasPrefix(other, name+"/") }) {
		attrs[0] = imap.MailboxAttrHasChildren
	}
	if subscribed {
		attrs = append(attrs, imap.MailboxAttrSubscribed)
	}
	return attrs
}

// Status implements [imapserver.Session].
func (s *imapSession) Status(name string, _ *imap.StatusOptions) (*imap.StatusData, error) {
	name = ownName(name)
	var told sim.Selected
	err := s.ask(func(session *sim.IMAPSession) (err error) {
		told, err = session.Peek(s.ctx, name)
		return err
	})
	if err != nil {
		return nil, err
	}
	messages, recent, unseen, deleted := uint32(len(told.Records)), uint32(told.Recent), uint32(0), uint32(0)
	var size, deletedSize int64
	for _, r := range told.Records {
		size += int64(r.Size)
		if !slices.Contains(r.Flags, string(imap.FlagSeen)) {
			unseen++
		}
		if slices.Contains(r.Flags, string(imap.FlagDeleted)) {
			deleted++
			deletedSize += int64(r.Size)
		}
	}
	return &imap.StatusData{
		Mailbox: name, NumMessages: &messages, NumRecent: &recent, NumUnseen: &unseen, NumDeleted: &deleted, Size: &size,
		DeletedStorage: &deletedSize, UIDNext: imap.UID(told.UIDNext), UIDValidity: told.UIDValidity,
	}, nil
}

// Append implements [imapserver.Session].
func (s *imapSession) Append(name string, r imap.LiteralReader, options *imap.AppendOptions) (*imap.AppendData, error) {
	body, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	data := &imap.AppendData{}
	err = s.ask(func(session *sim.IMAPSession) error {
		message := target.AppendMessage{Flags: namesOf(options.Flags), InternalDate: options.Time, Body: body}
		validity, uids, err := session.Append(s.ctx, ownName(name), message)
		if err == nil {
			data.UIDValidity, data.UID = validity, imap.UID(uids[0])
		}
		return err
	})
	return data, err
}
