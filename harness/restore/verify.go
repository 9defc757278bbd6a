package restore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/restore/journal"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// verify reads back, as its user would get it, each message that was brought: its body, its
// INTERNALDATE, its flags and, where it was to have it again, its UID. It looks for each
// mailbox that was made again, and opens each that was rebuilt. A message that its user has
// expunged since is not missing.
func (a *account) verify(ctx context.Context) error {
	byMailbox, mailboxes := map[string][]placed{}, []string{}
	for _, p := range a.copied {
		name := a.plan.Actions[p.action].Mailbox
		if byMailbox[name] == nil {
			mailboxes = append(mailboxes, name)
		}
		byMailbox[name] = append(byMailbox[name], p)
	}
	if err := a.readRemade(ctx); err != nil {
		return err
	}
	for _, name := range mailboxes {
		if err := a.readBack(ctx, name, byMailbox[name]); err != nil {
			return err
		}
	}
	for _, i := range a.actions {
		if a.plan.Actions[i].Act != Reconstruct || !a.journal.State(i).Over() || a.journal.State(i) == journal.Left {
			continue
		}
		if err := a.opens(ctx, i); err != nil {
			return err
		}
	}
	return nil
}

// opens opens a mailbox that was rebuilt. Where the server refuses still, it was of no
// use, and that is reported.
func (a *account) opens(ctx context.Context, i int) error {
	session, err := a.hands.at(ctx, a.scene.Serving, a.name)
	if err == nil {
		err = target.Open(ctx, session, a.plan.Actions[i].Mailbox)
	}
	if err == nil || passing(err) {
		return err
	}
	return a.note(journal.Entry{Left: journal.Ranges([]int{i}), Why: "it was rebuilt, and cannot be opened: " + err.Error()})
}

// unsoundError says that something that was restored is not as it should be. It does
// not pass by itself.
type unsoundError struct{ text string }

func (e *unsoundError) Error() string { return e.text }

// IsUnsound says whether a restore ended because what it had restored read back
// otherwise than it should.
func IsUnsound(err error) bool {
	var unsound *unsoundError
	return errors.As(err, &unsound)
}

// wrongs are the first few things that read back otherwise than they should, and how many
// there are.
type wrongs struct {
	first []error
	all   int
}

const shownWrongs = 5

func (w *wrongs) add(format string, arguments ...any) {
	if w.all++; w.all <= shownWrongs {
		w.first = append(w.first, &unsoundError{fmt.Sprintf(format, arguments...)})
	}
}

// err is nil where nothing is wrong.
func (w *wrongs) err() error {
	if w.all > shownWrongs {
		return errors.Join(append(w.first, &unsoundError{fmt.Sprintf("and %d more", w.all-shownWrongs)})...)
	}
	return errors.Join(w.first...)
}

func (a *account) readBack(ctx context.Context, mailbox string, copied []placed) error {
	session, err := a.hands.at(ctx, a.scene.Serving, a.name)
	if err != nil {
		return err
	}
	uids, want := make([]uint32, len(copied)), map[uint32]string{}
	for i, p := range copied {
		uids[i], want[p.uid] = p.uid, a.plan.Actions[p.action].GUID
	}
	slices.Sort(uids)
	var wrong wrongs
	err = target.DigestedBodies(ctx, session, mailbox, uids, func(uid uint32, _ []byte, sha1 string) error {
		if guid, asked := want[uid]; asked && sha1 != guid {
			wrong.add("UID %d, which was brought to %s, reads back as other bytes (SHA-1 %.12s, not %.12s)", uid, mailbox, sha1, guid)
		}
		delete(want, uid)
		return nil
	})
	if err != nil && target.IsGone(ctx, a.scene.Serving, a.name, mailbox, err) {
		return nil // renamed or deleted since
	}
	if err == nil && wrong.all == 0 && len(want) > 0 {
		err = a.missed(ctx, mailbox, want)
	}
	if err != nil || wrong.all > 0 {
		return errors.Join(err, wrong.err())
	}
	return a.readRecords(ctx, session, mailbox, copied, uids)
}

// missed is about messages that were copied and are not shown: their user may have
// expunged or moved them.
func (a *account) missed(ctx context.Context, mailbox string, want map[uint32]string) error {
	now, err := readStanding(ctx, a.scene.Serving, a.name, a.saw)
	if err != nil {
		return err
	}
	if _, there := now.boxes[mailbox]; !there {
		return nil // renamed or deleted since
	}
	m, err := now.records(ctx, mailbox)
	if err != nil {
		return err
	}
	for _, r := range m.Records {
		if r.Expunged {
			delete(want, r.UID)
		}
	}
	for _, uid := range slices.Sorted(maps.Keys(want)) {
		return &unsoundError{fmt.Sprintf("UID %d (%.8s), which was brought to %s, is not there any more, and nobody has expunged it", uid, want[uid], mailbox)}
	}
	return nil
}
