package front

import (
	"slices"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

// mayChange refuses what would change a mailbox that was opened by EXAMINE.
func (s *imapSession) mayChange() error {
	if s.readOnly {
		return &imap.Error{Type: imap.StatusResponseTypeNo, Text: "Permission denied"}
	}
	return nil
}

// Store implements [imapserver.Session].
func (s *imapSession) Store(w *imapserver.FetchWriter, set imap.NumSet, flags *imap.StoreFlags, _ *imap.StoreOptions) error {
	if err := s.mayChange(); err != nil {
		return err
	}
	uids, names := s.chosen(set), namesOf(flags.Flags)
	if err := s.ask(func(session *sim.IMAPSession) error { return s.store(session, uids, flags.Op, names) }); err != nil {
		return err
	}
	if err := s.refresh(uids); err != nil || flags.Silent {
		return err
	}
	for _, uid := range uids {
		i := s.position(uid)
		message := w.CreateMessage(uint32(i + 1))
		if _, byUID := set.(imap.UIDSet); byUID {
			message.WriteUID(imap.UID(uid))
		}
		message.WriteFlags(flagsOf(s.told.Records[i].Flags))
		if err := message.Close(); err != nil {
			return err
		}
	}
	return nil
}

func (s *imapSession) store(session *sim.IMAPSession, uids []uint32, op imap.StoreFlagsOp, flags []string) error {
	switch op {
	case imap.StoreFlagsAdd:
		return session.SetFlags(s.ctx, s.mailbox, uids, flags, nil)
	case imap.StoreFlagsDel:
		return session.SetFlags(s.ctx, s.mailbox, uids, nil, flags)
	default:
		return session.ReplaceFlags(s.ctx, s.mailbox, uids, flags)
	}
}

// refresh takes in the flags that messages have now.
func (s *imapSession) refresh(uids []uint32) error {
	return s.ask(func(session *sim.IMAPSession) error {
		now, err := session.Glance(s.mailbox)
		for _, r := range now.Records {
			if i := s.position(r.UID); i >= 0 && slices.Contains(uids, r.UID) {
				s.told.Records[i].Flags = r.Flags
			}
		}
		return err
	})
}

// Copy implements [imapserver.Session].
func (s *imapSession) Copy(set imap.NumSet, to string) (*imap.CopyData, error) {
	return s.copy(set, to, false)
}

// Move implements [imapserver.SessionMove].
func (s *imapSession) Move(w *imapserver.MoveWriter, set imap.NumSet, to string) error {
	if err := s.mayChange(); err != nil {
		return err
	}
	data, err := s.copy(set, to, true)
	if err != nil {
		return err
	}
	if data != nil {
		if err := w.WriteCopyData(data); err != nil {
			return err
		}
	}
	return s.tellGone(w.WriteExpunge)
}

// copy copies or moves messages, and returns what the user hears of it; nil: nothing.
func (s *imapSession) copy(set imap.NumSet, to string, move bool) (*imap.CopyData, error) {
	var copied sim.Copied
	err := s.ask(func(session *sim.IMAPSession) (err error) {
		copied, err = session.CopyMessages(s.ctx, s.mailbox, s.chosen(set), ownName(to), move)
		return err
	})
	if err != nil || len(copied.To) == 0 || copied.Silent {
		return nil, err
	}
	return &imap.CopyData{UIDValidity: copied.UIDValidity, SourceUIDs: uidSet(copied.From), DestUIDs: uidSet(copied.To)}, nil
}

func uidSet(uids []uint32) (set imap.UIDSet) {
	for _, uid := range uids {
		set.AddNum(imap.UID(uid))
	}
	return set
}

// Expunge implements [imapserver.Session]. Nil UIDs are all messages, as CLOSE wants
// it, and EXPUNGE. CLOSE, which has nobody to tell, passes over what may not be.
func (s *imapSession) Expunge(w *imapserver.ExpungeWriter, uids *imap.UIDSet) error {
	if s.readOnly && *w == (imapserver.ExpungeWriter{}) {
		return nil
	}
	if err := s.mayChange(); err != nil {
		return err
	}
	var chosen []uint32
	if uids != nil {
		chosen = append([]uint32{}, s.chosen(*uids)...) // not nil, which is all
	}
	err := s.ask(func(session *sim.IMAPSession) error { return session.ExpungeDeleted(s.ctx, s.mailbox, chosen) })
	if err != nil {
		return err
	}
	return s.tellGone(w.WriteExpunge)
}

// tellGone tells the client of the messages that are gone.
func (s *imapSession) tellGone(write func(uint32) error) error {
	var now []target.Record
	err := s.ask(func(session *sim.IMAPSession) error {
		selected, err := session.Glance(s.mailbox)
		now = selected.Records
		return err
	})
	if err != nil {
		return err
	}
	return s.tellExpunged(write, now)
}
