package restore

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/restore/estimate"
	"github.com/cyrdrill/cyrdrill/harness/restore/journal"
)

// account is the restore of one account, by one worker.
type account struct {
	*engine
	name    string
	actions []int // of the plan, in order, without those that do nothing
	saw     []Sight
	work    estimate.Work   // that is left
	piece   *estimate.Piece // that is at work; nil: none

	now    *standing // nil: it has to be looked anew
	spare  map[spot][]arrival
	own    map[int]arrival // of what was put back, by its action
	copied []placed        // what has to be read back
	hands
	evidence evidence
	cuts     int // conversations by the sync protocol that ended amid work

	later     []int           // what waits until all else is done
	last      bool            // it is done now
	following []int           // the batch after the one at work
	ready     *ready          // that batch; nil: it is not
	owed      []journal.Entry // what the journal is to be told with the next begun batch
}

// spot is where a message is to be: a mailbox, and the message's GUID.
type spot struct{ mailbox, guid string }

// placed is a message that was brought back: its action, and its UID here.
type placed struct {
	action int
	uid    uint32
}

// A batch is carried out in one command: large enough that the server's fsyncs do not
// dominate, small enough that it is repeated cheaply, and that two of them can be held for
// each account that is at work.
const (
	batchMessages = 500
	batchBytes    = 4 << 20
)

// What is put back goes in larger pieces, whose files are sent ahead, a batch at a time:
// whoever comes in between two of them takes UIDs. A piece is what the journal, the estimate
// and the server's pace know of.
const (
	putBackMessages = 1000
	putBackBytes    = 16 << 20
)

// restore does what is left to be done in the account, and reads it back. A server
// that does not answer is asked again: what it had done by then is found, and not done
// twice.
func (a *account) restore(ctx context.Context) error {
	defer a.hands.letGo()
	for try := 0; ; try++ {
		left := len(a.pending())
		at, err := a.once(ctx)
		if err == nil {
			err = a.verify(ctx)
		}
		if err == nil {
			err = a.queue(ctx)
		}
		if err == nil {
			return a.note(journal.Entry{Verified: a.name})
		}
		if len(a.pending()) < left {
			try = 0 // it is answering
		}
		if try == tries-1 || ctx.Err() != nil || !passing(err) {
			return fmt.Errorf("%s: %w", at, err)
		}
		a.hands.letGo()
		a.now = nil
		if err := a.pace.backOff(ctx, try); err != nil {
			return err
		}
	}
}

// pending returns the actions that are not known to be over.
func (a *account) pending() []int { return a.unfinished(a.actions) }

func (a *account) unfinished(actions []int) []int {
	return slices.DeleteFunc(slices.Clone(actions), func(i int) bool { return a.journal.State(i).Over() })
}

// once goes through what is pending, as far as the server answers. It says what it was
// at.
func (a *account) once(ctx context.Context) (at string, err error) {
	left := a.pending()
	if len(left) == 0 {
		return fmt.Sprintf("restoring %s", a.name), a.look(ctx)
	}
	if err := a.settle(ctx, left); err != nil {
		return a.plan.Actions[left[0]].where(), err
	}
	a.later, a.last = nil, false
	for len(left) > 0 {
		batch := a.batch(left)
		left = left[len(batch):]
		a.following = nil
		if len(left) > 0 {
			a.following = a.batch(left)
		}
		if err := a.carryOut(ctx, batch); err != nil {
			return a.plan.Actions[batch[0]].where(), err
		}
		if len(left) == 0 && !a.last {
			left, a.later, a.last = a.later, nil, true
		}
	}
	return fmt.Sprintf("reading back what was restored of %s", a.name), nil
}

// batch returns the first of those actions that can be carried out in one command.
func (a *account) batch(left []int) []int {
	act := a.plan.Actions[left[0]].Act
	if slow := a.options.MaxRate > 0; !slow && (act == PutBack || act == Remake) {
		return a.pieceOf(left, putBackMessages, putBackBytes)
	}
	return a.pieceOf(left, batchMessages, batchBytes)
}

// pieceOf returns the first of those actions that belong together, up to so many messages
// and bytes.
func (a *account) pieceOf(left []int, messages int, most int64) []int {
	first := a.plan.Actions[left[0]]
	bytes := int64(first.Size)
	n := 1
	for ; n < len(left) && n < messages; n++ {
		next := a.plan.Actions[left[n]]
		if !oneBatch(first, next) || bytes+int64(next.Size) > most {
			break
		}
		bytes += int64(next.Size)
	}
	return left[:n]
}

// oneBatch says whether two actions can be carried out together: both do the same to
// messages of one mailbox, or the first makes it again.
func oneBatch(a, b Action) bool {
	if a.Act == Remake && b.Act == PutBack {
		a.Act = PutBack
	}
	onMessages := a.bringsMail() || a.Act == Expunge || a.Act == Flag && slices.Equal(a.Add, b.Add) && slices.Equal(a.Remove, b.Remove)
	return onMessages && a.Act == b.Act && a.Mailbox == b.Mailbox && a.From == b.From
}

// settle waits, where something was begun and its answer never came, until the server
// has stopped working on it: what it was sent it may still be doing.
func (a *account) settle(ctx context.Context, left []int) error {
	begun := func(i int) bool { return a.journal.State(i) == journal.Begun }
	if !slices.ContainsFunc(left, begun) {
		return a.look(ctx)
	}
	const (
		between = time.Second
		longest = 30
	)
	for range longest {
		if err := a.look(ctx); err != nil {
			return err
		}
		before := a.now
		if err := a.scene.Clock.Sleep(ctx, between); err != nil {
			return err
		}
		if err := a.look(ctx); err != nil || a.now.sameAs(before) {
			return err
		}
	}
	return fmt.Errorf("its mailboxes on %s change all the time, so what had been begun there cannot be told from what others do", a.scene.Serving.Name())
}

// sameAs says whether nothing has come into any mailbox in between.
func (s *standing) sameAs(before *standing) bool {
	if len(s.boxes) != len(before.boxes) {
		return false
	}
	for name, m := range s.boxes {
		if was := before.boxes[name]; was.UniqueID != m.UniqueID || was.LastUID != m.LastUID || was.HighestModSeq != m.HighestModSeq {
			return false
		}
	}
	return true
}

// carryOut does a batch: what of it has been done already, and what must not be done
// any more, is noted, and the rest done.
func (a *account) carryOut(ctx context.Context, batch []int) error {
	if a.now == nil {
		if err := a.look(ctx); err != nil {
			return err
		}
	}
	made := a.takeReady()
	if made == nil {
		todo, err := a.sift(ctx, a.unfinished(batch)) // it may have been sifted in part, ahead
		if err != nil {
			return err
		}
		made = &ready{todo: todo}
	}
	todo := made.todo
	if len(todo) == 0 {
		return nil
	}
	work := a.workOf(todo)
	if err := a.begin(todo); err != nil {
		return err
	}
	began := a.scene.Clock.Now()
	a.beginPiece(work, began)
	outcome, err := a.do(ctx, todo, made.read)
	if err != nil {
		a.dropPiece()
		return err
	}
	a.pace.answered(a.scene.Clock.Now().Sub(began), work)
	if err := a.answered(todo, outcome); err != nil {
		a.dropPiece()
		return err
	}
	if first := a.plan.Actions[todo[0]]; !first.bringsMail() && first.Act != Expunge && first.Act != ExpungeDamaged && first.Act != Flag {
		a.now = nil // names may mean other mailboxes from here on
	}
	err = a.pace.pay(ctx, work, began)
	a.endPiece(work, a.workOf(outcome.later))
	a.later = append(a.later, outcome.later...)
	if err != nil {
		return also(err, a.noteOwed())
	}
	a.tell("")
	return nil
}

// sift notes what of a batch need not or must not be done, and returns the rest.
func (a *account) sift(ctx context.Context, batch []int) ([]int, error) {
	var todo, done, found, left []int
	var why string
	for _, i := range batch {
		action := a.plan.Actions[i]
		verdict, reason, err := a.now.stands(ctx, action)
		if err != nil {
			return nil, err
		}
		if action.bringsMail() && a.take(i) {
			verdict = wasDone
		}
		if action.Act == Resync {
			differ, err := a.differences(ctx)
			if err != nil {
				return nil, err
			}
			verdict = a.now.want(len(differ) == 0)
		}
		if action.Act == ExpungeDamaged && verdict == needed {
			if sound, err := a.hasSound(ctx, action); err != nil {
				return nil, err
			} else if !sound {
				verdict, reason = mustNot, noSoundCopy
			}
		}
		switch {
		case verdict == mustNot:
			left, why = append(left, i), reason
		case verdict == needed:
			todo = append(todo, i)
		case a.journal.State(i) == journal.Begun:
			done = append(done, i)
		default:
			found = append(found, i)
		}
	}
	if len(done)+len(found)+len(left) == 0 {
		return todo, nil
	}
	if err := a.rebuiltBefore(ctx, slices.Concat(done, found)); err != nil {
		return nil, err
	}
	a.skip(slices.Concat(done, found, left))
	return todo, a.note(journal.Entry{Done: journal.Ranges(done), Found: journal.Ranges(found), Left: journal.Ranges(left), Why: why})
}

// answered notes what came of a batch.
func (a *account) answered(todo []int, o outcome) error {
	var entries []journal.Entry
	done := slices.DeleteFunc(slices.Clone(todo), func(i int) bool { return o.left[i] != "" || slices.Contains(o.later, i) })
	if len(done) > 0 {
		entries = append(entries, journal.Entry{Done: journal.Ranges(done)})
	}
	a.copied = append(a.copied, o.placed...)
	byReason, reasons := map[string][]int{}, []string{}
	for _, i := range todo {
		if why := o.left[i]; why != "" {
			if byReason[why] == nil {
				reasons = append(reasons, why)
			}
			byReason[why] = append(byReason[why], i)
		}
	}
	for _, why := range reasons {
		entries = append(entries, journal.Entry{Left: journal.Ranges(byReason[why]), Why: why})
	}
	return a.conclude(entries)
}

// beginPiece, endPiece, dropPiece and skip keep what is known of how long things take.

func (a *account) beginPiece(w estimate.Work, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.piece = a.rate.Begin(w, now)
}

// endPiece notes as well what of the piece has to be done once more.
func (a *account) endPiece(w, again estimate.Work) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.rate.End(a.piece, a.scene.Clock.Now())
	a.rate.Add(again)
	a.piece, a.work = nil, a.work.Minus(w).Plus(again)
}

func (a *account) dropPiece() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.rate.Drop(a.piece)
	a.piece = nil
}

func (a *account) skip(actions []int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	skipped := a.workOf(actions)
	a.rate.Skip(skipped)
	a.work = a.work.Minus(skipped)
}

// workOf is what actions cost: those that copy, their messages and bytes; of others, what
// counts is the command, which does any number of messages at once.
func (a *account) workOf(actions []int) estimate.Work {
	var w estimate.Work
	for left := actions; len(left) > 0; {
		batch := a.batch(left)
		left = left[len(batch):]
		if first := a.plan.Actions[batch[0]]; !first.bringsMail() && first.Act != Remake {
			w.Messages++
			continue
		}
		for _, i := range batch {
			w = w.Plus(estimate.Work{Messages: 1, Bytes: int64(a.plan.Actions[i].Size)})
		}
	}
	return w
}
