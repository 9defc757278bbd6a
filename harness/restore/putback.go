package restore

import (
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
// had. What has lost its UID to another message since the plan was made gets a new one.
func (a *account) putBack(ctx context.Context, batch []int) (o outcome, err error) {
	source, err := a.evidenceFor(ctx, batch)
	var line target.SyncConversation
	if err == nil {
		line, err = a.hands.talk(ctx, a.scene, a.scene.Serving)
	}
	if err != nil {
		return o, a.lineFailed(ctx, &o, err, batch)
	}
	sent, err := a.sendAhead(ctx, line, source, batch, &o)
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

// sendAhead sends the files of a batch's messages, and returns which action each UID is of.
// What is not what the index recorded is left.
func (a *account) sendAhead(ctx context.Context, line target.SyncLine, source *transplant.Source, batch []int, o *outcome) (sent map[uint32]int, err error) {
	sent = map[uint32]int{}
	messages := slices.DeleteFunc(slices.Clone(batch), func(i int) bool { return a.plan.Actions[i].Act == Remake })
	if len(messages) == 0 {
		return sent, nil
	}
	partition, err := transplant.Partition(ctx, line, a.name, a.plan.Actions[batch[0]].Mailbox)
	if err != nil {
		return nil, byLine(err)
	}
	rescued, err := a.hands.at(ctx, a.scene.Rescued, a.name)
	if err != nil {
		return nil, err
	}
	for len(messages) > 0 {
		piece := a.pieceOf(messages, batchMessages, batchBytes)
		messages = messages[len(piece):]
		sending, bodies, err := a.read(ctx, rescued, piece, o)
		if err != nil {
			return nil, err
		}
		var files [][]byte
		for n, i := range sending {
			action := a.plan.Actions[i]
			if guid := source.GUID(action.UID); guid != action.GUID {
				o.leave(i, fmt.Sprintf("the rescued store's index has another message under its UID by now (%.12s)", guid))
				continue
			}
			files, sent[action.UID] = append(files, bodies[n].Body), i
		}
		if len(files) == 0 {
			continue
		}
		if err := transplant.Send(ctx, line, partition, files...); err != nil {
			return nil, byLine(err)
		}
	}
	return sent, nil
}

// orderOf is what is to be done about a batch whose files were sent. With the last messages
// of a mailbox the server passes over all UIDs that clients of the rescued one can know.
func (a *account) orderOf(batch []int, sent map[uint32]int, source *transplant.Source) transplant.Put {
	first := a.plan.Actions[batch[0]]
	put := transplant.Put{
		Account: a.name, Mailbox: first.Mailbox, UIDs: slices.Sorted(maps.Keys(sent)), UpTo: source.LastUID, Make: first.Act == Remake,
	}
	for _, i := range a.pending() {
		if next := a.plan.Actions[i]; i > batch[len(batch)-1] && next.Act == PutBack && next.Mailbox == first.Mailbox {
			put.UpTo = 0
			break
		}
	}
	return put
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
	for len(anew) > 0 {
		piece := a.pieceOf(anew, batchMessages, batchBytes)
		anew = anew[len(piece):]
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
