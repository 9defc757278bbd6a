package restore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/restore/journal"
	"github.com/cyrdrill/cyrdrill/harness/restore/transplant"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// putBack makes a mailbox again, or puts messages back into one, under the UIDs that they
// had. What has lost its UID to another message since the plan was made gets a new one, when
// all others have theirs.
func (a *account) putBack(ctx context.Context, batch []int) (o outcome, err error) {
	line, err := a.hands.talk(ctx, a.scene, a.scene.Serving)
	if err != nil {
		return o, a.lineFailed(ctx, &o, byLine(err), batch)
	}
	source, sent, err := a.sendAhead(ctx, line, batch, &o)
	var placedNow transplant.Placed
	if err == nil {
		placedNow, err = source.Into(ctx, line, a.orderOf(batch, sent, source))
		err = byLine(err)
	}
	if err != nil {
		return o, a.lineFailed(ctx, &o, err, batch)
	}
	for _, uid := range placedNow.UIDs {
		o.placed = append(o.placed, placed{sent[uid], uid})
	}
	var anew []int
	for _, uid := range placedNow.Taken {
		anew = append(anew, sent[uid])
	}
	if a.moreFollow(batch) && !a.last { // to pass over all UIDs now would take theirs from those
		o.later = anew
		return o, nil
	}
	return o, a.bringAnew(ctx, line, source, anew, &o)
}

// readAhead is for how many messages of a mailbox its records are kept at once: the server
// tells all that it has, whatever is needed.
const readAhead = 50_000

// evidence is what the rescued store has of a mailbox, as far as some put-backs need it.
type evidence struct {
	of     string
	wanted map[uint32]bool
	source *transplant.Source
}

// evidenceFor returns what the rescued store has of the messages of a batch.
func (a *account) evidenceFor(ctx context.Context, batch []int) (*transplant.Source, error) {
	first := a.plan.Actions[batch[0]]
	known := func(i int) bool {
		action := a.plan.Actions[i]
		return action.Act == Remake || a.evidence.wanted[action.UID]
	}
	if a.evidence.of == first.From && !slices.ContainsFunc(batch, func(i int) bool { return !known(i) }) {
		return a.evidence.source, nil
	}
	wanted := map[uint32]bool{}
	for _, i := range a.actions {
		if next := a.plan.Actions[i]; i >= batch[0] && next.Act == PutBack && next.From == first.From && len(wanted) < readAhead {
			wanted[next.UID] = true
		}
	}
	line, err := a.hands.talk(ctx, a.scene, a.scene.Rescued)
	if err != nil {
		return nil, err
	}
	above := a.now.lastSeen(a.now.boxes[first.Mailbox])
	source, err := transplant.Read(ctx, line, a.name, first.From, above, func(uid uint32) bool { return wanted[uid] })
	if err != nil {
		return nil, byLine(err)
	}
	a.evidence = evidence{of: first.From, wanted: wanted, source: source}
	return source, nil
}

// sendAhead sends the files of a batch's messages, and returns what the rescued store has of
// their mailbox, and which action each UID is of. What is not what the index recorded is left.
// The index is read beside the first bodies, and each further piece while one is sent.
func (a *account) sendAhead(ctx context.Context, line target.SyncLine, batch []int, o *outcome) (source *transplant.Source, sent map[uint32]int, err error) {
	sent = map[uint32]int{}
	pieces := a.piecesOf(slices.DeleteFunc(slices.Clone(batch), func(i int) bool { return a.plan.Actions[i].Act == Remake }))
	if len(pieces) == 0 {
		source, err = a.evidenceFor(ctx, batch)
		return source, sent, err
	}
	var rescued target.Session
	var next fetched
	var partition string
	err = a.sideBySide(ctx, func(ctx context.Context) (err error) {
		source, err = a.evidenceFor(ctx, batch)
		return err
	}, func(ctx context.Context) (err error) {
		if partition, err = transplant.Partition(ctx, line, a.name, a.plan.Actions[batch[0]].Mailbox); err != nil {
			return byLine(err)
		}
		if rescued, err = a.hands.at(ctx, a.scene.Rescued, a.name); err == nil {
			next, err = a.bodiesOf(ctx, rescued, pieces[0])
		}
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	for n := range pieces {
		files := a.filesOf(next, source, sent, o)
		sending := func(ctx context.Context) error {
			if len(files) == 0 {
				return nil
			}
			return byLine(transplant.Send(ctx, line, partition, files...))
		}
		err := a.sideBySide(ctx, sending, func(ctx context.Context) (err error) {
			if n+1 < len(pieces) {
				next, err = a.bodiesOf(ctx, rescued, pieces[n+1])
			}
			return err
		})
		if err != nil {
			return nil, nil, err
		}
	}
	return source, sent, nil
}

// sideBySide does two things to the end, and returns the first one's error before the
// other's: where one fails, the connection of the other is not cut.
func (a *account) sideBySide(ctx context.Context, first, second func(context.Context) error) error {
	var errs [2]error
	tasks := make([]func(context.Context) error, len(errs))
	for i, do := range []func(context.Context) error{first, second} {
		tasks[i] = func(ctx context.Context) error {
			errs[i] = do(ctx)
			return nil
		}
	}
	if err := a.scene.Executor.Run(ctx, tasks...); err != nil {
		return err
	}
	return cmp.Or(errs[0], errs[1])
}

// bodiesOf reads messages of the rescued store.
func (a *account) bodiesOf(ctx context.Context, rescued target.Session, piece []int) (read fetched, err error) {
	read.sending, read.messages, err = a.read(ctx, rescued, piece, &read.left)
	return read, err
}

// filesOf returns those bodies that are what the rescued store's index has under their UIDs,
// and notes in sent which action each UID is of.
func (a *account) filesOf(read fetched, source *transplant.Source, sent map[uint32]int, o *outcome) (files [][]byte) {
	for i, why := range read.left.left {
		o.leave(i, why)
	}
	for n, i := range read.sending {
		action := a.plan.Actions[i]
		if guid := source.GUID(action.UID); guid != action.GUID {
			o.leave(i, fmt.Sprintf("the rescued store's index has another message under its UID by now (%.12s)", guid))
			continue
		}
		files, sent[action.UID] = append(files, read.messages[n].Body), i
	}
	return files
}

// piecesOf divides messages into what is read, held and sent at once.
func (a *account) piecesOf(messages []int) (pieces [][]int) {
	for len(messages) > 0 {
		piece := a.pieceOf(messages, batchMessages, batchBytes)
		pieces, messages = append(pieces, piece), messages[len(piece):]
	}
	return pieces
}

// orderOf is what is to be done about a batch whose files were sent. With the last messages
// of a mailbox the server passes over all UIDs that clients of the rescued one can know.
func (a *account) orderOf(batch []int, sent map[uint32]int, source *transplant.Source) transplant.Put {
	first := a.plan.Actions[batch[0]]
	put := transplant.Put{
		Account: a.name, Mailbox: first.Mailbox, UIDs: slices.Sorted(maps.Keys(sent)), UpTo: source.LastUID, Make: first.Act == Remake,
	}
	if a.moreFollow(batch) {
		put.UpTo = 0
	}
	return put
}

// moreFollow says whether more is going to be put back into a batch's mailbox.
func (a *account) moreFollow(batch []int) bool {
	mailbox, last := a.plan.Actions[batch[0]].Mailbox, batch[len(batch)-1]
	return slices.ContainsFunc(a.pending(), func(i int) bool {
		next := a.plan.Actions[i]
		return i > last && next.Act == PutBack && next.Mailbox == mailbox
	})
}

// bringAnew appends messages whose UIDs are not free any more, above all UIDs that clients
// of either server can know.
func (a *account) bringAnew(ctx context.Context, line target.SyncLine, source *transplant.Source, anew []int, o *outcome) error {
	if len(anew) == 0 {
		return nil
	}
	a.following = nil // which is not to be read ahead with each of these
	if err := a.note(journal.Entry{Anew: journal.Ranges(anew)}); err != nil {
		return err
	}
	pass := transplant.Put{Account: a.name, Mailbox: a.plan.Actions[anew[0]].Mailbox, UpTo: source.LastUID}
	if _, err := source.Into(ctx, line, pass); err != nil {
		return a.lineFailed(ctx, o, byLine(err), anew)
	}
	for _, piece := range a.piecesOf(anew) {
		done, err := a.copy(ctx, piece, fetched{})
		if err != nil {
			return err
		}
		o.placed = append(o.placed, done.placed...)
		for i, why := range done.left {
			o.leave(i, why)
		}
	}
	return nil
}

// lineError is what went wrong in a conversation by the sync protocol.
type lineError struct{ err error }

func (e *lineError) Error() string { return e.err.Error() }
func (e *lineError) Unwrap() error { return e.err }

func byLine(err error) error {
	if err == nil {
		return nil
	}
	return &lineError{err}
}

// mostCuts is how many conversations by the sync protocol may end amid an account's
// mailboxes. A sync_server that dies of what it is told dies of it again, and after five
// deaths its master process lets nobody replicate any more.
const mostCuts = 3

// lineFailed is about what could not be put back: what the server refused is
// left, and so is what it may have died of too often. Any other error is handed back.
func (a *account) lineFailed(ctx context.Context, o *outcome, err error, batch []int) error {
	a.hands.hangUp() // what was sent ahead is forgotten with it
	if line := (*lineError)(nil); !errors.As(err, &line) {
		return a.refused(o, err, batch)
	}
	var refused *target.RefusedError
	var unreachable *target.UnreachableError
	why := err.Error()
	switch {
	case errors.As(err, &refused), errors.Is(err, transplant.ErrGone):
	case ctx.Err() != nil, errors.As(err, &unreachable), !passing(err):
		return err
	default:
		if a.cuts++; a.cuts < mostCuts {
			return err
		}
		why = fmt.Sprintf("%d conversations with sync_server ended amid such work: %s", a.cuts, err)
	}
	for _, i := range batch {
		if o.left[i] == "" {
			o.leave(i, why)
		}
	}
	return nil
}
