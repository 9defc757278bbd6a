package restore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/restore/journal"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// readRecords reads back what is recorded of messages that were brought: INTERNALDATE, which
// nobody can have changed since; their UIDs, where these were to be the same; and the flags
// of those that nobody has changed since.
func (a *account) readRecords(ctx context.Context, session target.Session, mailbox string, brought []placed, uids []uint32) error {
	records, err := target.RecordsOf(ctx, session, mailbox, uids)
	if err != nil {
		return err
	}
	byUID := make(map[uint32]*target.Record, len(records))
	for i := range records {
		byUID[records[i].UID] = &records[i]
	}
	var wrong wrongs
	suspects := map[uint32]placed{}
	for _, p := range brought {
		action, r := a.plan.Actions[p.action], byUID[p.uid]
		if action.Act == PutBack && p.uid != action.UID && a.journal.State(p.action) == journal.Done && !a.journal.Anew(p.action) {
			wrong.add("UID %d (%.8s), which was put back into %s, has UID %d there", action.UID, action.GUID, mailbox, p.uid)
		}
		if r == nil {
			continue // whether it may be gone is for its body to tell
		}
		if !action.InternalDate.IsZero() && !r.InternalDate.Equal(action.InternalDate) {
			wrong.add("UID %d, which was brought to %s, has INTERNALDATE %s there, not %s",
				p.uid, mailbox, r.InternalDate.UTC().Format(dateAndTime), action.InternalDate.UTC().Format(dateAndTime))
		}
		if !sameFlags(r.Flags, action.Flags) {
			suspects[p.uid] = p
		}
	}
	if len(suspects) == 0 {
		return wrong.err()
	}
	changed, err := a.changedSince(ctx, session, mailbox, suspects, byUID)
	if err != nil {
		return errors.Join(err, wrong.err())
	}
	for _, uid := range slices.Sorted(maps.Keys(suspects)) {
		if !changed[uid] {
			wrong.add("UID %d, which was brought to %s, has the flags %q there, not %q, and nobody has changed them",
				uid, mailbox, byUID[uid].Flags, a.plan.Actions[suspects[uid].action].Flags)
		}
	}
	return wrong.err()
}

const dateAndTime = "2006-01-02 15:04:05"

// changedSince says which of some messages may have been changed since they came: their
// modseq is neither the one at which they came into the mailbox nor, of those that were put
// back, the one that they had before. Of a server that does not tell the former nothing is
// known, and any may have been.
func (a *account) changedSince(ctx context.Context, session target.Session, mailbox string, suspects map[uint32]placed, now map[uint32]*target.Record) (map[uint32]bool, error) {
	changed := map[uint32]bool{}
	teller, tells := session.(target.CreationTeller)
	var created map[uint32]uint64
	if tells {
		var err error
		created, err = teller.CreatedModSeqs(ctx, mailbox, slices.Sorted(maps.Keys(suspects)))
		if err != nil && (target.OutcomeOf(err) != target.Refused || passing(err)) {
			return nil, err
		}
	}
	for uid, p := range suspects {
		had, err := a.hadModSeq(ctx, p)
		if err != nil {
			return nil, err
		}
		changed[uid] = now[uid].ModSeq != created[uid] && now[uid].ModSeq != had
	}
	return changed, nil
}

// hadModSeq is the modseq that a message which was put back had on the rescued store; 0: it
// was not put back.
func (a *account) hadModSeq(ctx context.Context, p placed) (uint64, error) {
	if action := a.plan.Actions[p.action]; action.Act != PutBack || p.uid != action.UID {
		return 0, nil
	}
	source, err := a.evidenceFor(ctx, []int{p.action})
	if err != nil {
		return 0, err
	}
	return source.ModSeq(p.uid), nil
}

// readRemade reads back whether mailboxes that were made again are there.
func (a *account) readRemade(ctx context.Context) error {
	for _, i := range a.actions {
		action := a.plan.Actions[i]
		if action.Act != Remake || a.journal.State(i) != journal.Done {
			continue
		}
		now, err := readStanding(ctx, a.scene.Serving, a.name, a.saw)
		if err != nil {
			return err
		}
		validity, there := now.uidValidityOf(action.Name)
		if !there && !slices.Contains(now.meta.Deleted, action.Name) {
			return &unsoundError{fmt.Sprintf("%s of %s, which was made again, is not there, and nobody has deleted it", action.Mailbox, a.name)}
		}
		if there && fmt.Sprint(validity) != action.Value {
			return &unsoundError{fmt.Sprintf("%s of %s, which was made again, has UIDVALIDITY %d, not %s", action.Mailbox, a.name, validity, action.Value)}
		}
	}
	return nil
}

// uidValidityOf returns the UIDVALIDITY of the mailbox of that unique ID, if it is there.
func (s *standing) uidValidityOf(uniqueID string) (uint32, bool) {
	for _, m := range s.boxes {
		if m.UniqueID == uniqueID {
			return m.UIDValidity, true
		}
	}
	return 0, false
}

// sameFlags compares flags in whatever order, and keywords in whatever case: a mailbox
// writes one as it was first written in it.
func sameFlags(a, b []string) bool {
	lower := func(flags []string) []string {
		all := make([]string, len(flags))
		for i, flag := range flags {
			all[i] = strings.ToLower(flag)
		}
		slices.Sort(all)
		return slices.Compact(all)
	}
	return slices.Equal(a, b) || slices.Equal(lower(a), lower(b))
}
