package front

import (
	"cmp"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

// Poll implements [imapserver.Session]: the client is told what has happened to the
// mailbox that it has selected.
func (s *imapSession) Poll(w *imapserver.UpdateWriter, allowExpunge bool) error {
	if s.mailbox == "" {
		return nil
	}
	now, changed := sim.Selected{}, false
	err := s.ask(func(session *sim.IMAPSession) (err error) {
		if changed = session.Changed(s.mailbox, s.told.Counters); changed {
			now, err = session.Glance(s.mailbox)
		}
		return err
	})
	if err != nil || !changed {
		return err
	}
	return s.tell(w, now, allowExpunge)
}

// tell brings what the client knows up to date. As long as it may not be told of
// messages that are gone, they keep their sequence numbers.
func (s *imapSession) tell(w *imapserver.UpdateWriter, now sim.Selected, allowExpunge bool) error {
	if allowExpunge {
		if err := s.tellExpunged(w.WriteExpunge, now.Records); err != nil {
			return err
		}
		s.told.Counters = now.Counters
	}
	known := s.told.Records
	target.PairRecords(slices.Clone(known), now.Records, func(old, fresh *target.Record) {
		if old == nil {
			known = append(known, *fresh)
		}
	})
	arrived := len(known) > len(s.told.Records)
	s.told.Records, s.told.Keywords = known, now.Keywords
	if arrived {
		if err := w.WriteNumMessages(uint32(len(known))); err != nil {
			return err
		}
		if err := w.WriteNumRecent(uint32(now.Recent)); err != nil {
			return err
		}
	}
	for _, fresh := range now.Records {
		i := s.position(fresh.UID)
		if old := &s.told.Records[i]; !slices.Equal(old.Flags, fresh.Flags) {
			old.Flags = fresh.Flags
			if err := w.WriteMessageFlags(uint32(i+1), imap.UID(fresh.UID), flagsOf(fresh.Flags)); err != nil {
				return err
			}
		}
	}
	return nil
}

// tellExpunged tells of messages that are gone, last first, so that each number is
// right when it is told.
func (s *imapSession) tellExpunged(write func(uint32) error, now []target.Record) error {
	there := map[uint32]bool{}
	for _, r := range now {
		there[r.UID] = true
	}
	for i := len(s.told.Records) - 1; i >= 0; i-- {
		if there[s.told.Records[i].UID] {
			continue
		}
		if err := write(uint32(i + 1)); err != nil {
			return err
		}
		s.told.Records = slices.Delete(s.told.Records, i, i+1)
	}
	return nil
}

// position returns where the client has a message, or -1.
func (s *imapSession) position(uid uint32) int {
	i, found := slices.BinarySearchFunc(s.told.Records, uid, func(r target.Record, uid uint32) int { return cmp.Compare(r.UID, uid) })
	if !found {
		return -1
	}
	return i
}

// Idle implements [imapserver.Session].
func (s *imapSession) Idle(w *imapserver.UpdateWriter, stop <-chan struct{}) error {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-stop:
			return nil
		case <-ticker.C:
			if err := s.Poll(w, true); err != nil {
				return err
			}
		}
	}
}

// chosen returns the messages that a set of numbers means, by what the client knows.
func (s *imapSession) chosen(set imap.NumSet) (uids []uint32) {
	last := uint32(len(s.told.Records))
	uidSet, byUID := set.(imap.UIDSet)
	seqSet, _ := set.(imap.SeqSet)
	for i, r := range s.told.Records {
		final := uint32(i+1) == last
		if byUID && (uidSet.Contains(imap.UID(r.UID)) || final && uidSet.Dynamic()) ||
			!byUID && (seqSet.Contains(uint32(i+1)) || final && seqSet.Dynamic()) {
			uids = append(uids, r.UID)
		}
	}
	return uids
}
