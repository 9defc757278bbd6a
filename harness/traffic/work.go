package traffic

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// worker is one user at work in one session.
type worker struct {
	*Users
	server  target.Server
	account string
	session target.Session
	tally   *Tally
}

// task is one sort of operation that users do now and then.
type task struct {
	op     Op
	weight int // how often, among all
	do     func(*worker, context.Context) (done bool, err error)
}

// tasks are what users do, the most frequent first. Where a task finds nothing
// to do, it says so, and another one is drawn.
func tasks() []task {
	return []task{
		{OpDeliver, 20, (*worker).deliverOne},
		{OpFlag, 20, (*worker).flagOne},
		{OpExpunge, 12, (*worker).expungeOne},
		{OpAppend, 10, (*worker).appendSome},
		{OpMove, 8, (*worker).moveOne},
		{OpCopy, 5, (*worker).copyOne},
		{OpCreate, 4, (*worker).createMailbox},
		{OpSubscribe, 3, (*worker).subscribe},
		{OpSetACL, 3, (*worker).setACL},
		{OpSetAnnotation, 3, (*worker).setAnnotation},
		{OpRename, 2, (*worker).renameMailbox},
		{OpUnsubscribe, 1, (*worker).unsubscribe},
		{OpSetQuota, 1, (*worker).setQuota},
		{OpDelete, 1, (*worker).deleteMailbox},
	}
}

// WorkOps returns the operations that Work knows.
func WorkOps() []Op {
	var ops []Op
	for _, t := range tasks() {
		ops = append(ops, t.op)
	}
	return ops
}

// Work lets each account's user do so many operations, drawn by the drill's
// seed from only (nil: from all). Users act on what they see on the server that
// serves them, and never undo what they did there themselves.
func (u *Users) Work(ctx context.Context, accounts []string, operations int, only []Op) (Tally, error) {
	var tally Tally
	drawn := slices.DeleteFunc(tasks(), func(t task) bool { return only != nil && !slices.Contains(only, t.op) })
	server := u.pair.Serving()
	for _, account := range accounts {
		err := u.withSession(ctx, server, account, func(session target.Session) error {
			w := &worker{Users: u, server: server, account: account, session: session, tally: &tally}
			for range operations {
				if err := w.draw(ctx, drawn); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return tally, fmt.Errorf("%s at work on %s: %w", account, server.Name(), err)
		}
		u.readBack(ctx, server, account)
	}
	return tally, ctx.Err()
}

// draw does one operation, of the first kind drawn that finds something to do.
func (w *worker) draw(ctx context.Context, from []task) error {
	for left := from; len(left) > 0; {
		i := w.drawIndex(left)
		done, err := left[i].do(w, ctx)
		if done || err != nil {
			return err
		}
		left = slices.Concat(left[:i], left[i+1:]) // from is for the next ones as well
	}
	return ctx.Err()
}

func (w *worker) drawIndex(from []task) int {
	total := 0
	for _, t := range from {
		total += t.weight
	}
	drawn := w.rand.IntN(total)
	for i, t := range from {
		if drawn -= t.weight; drawn < 0 {
			return i
		}
	}
	return len(from) - 1
}

// entry is one of the user's own operations on a mailbox.
func (w *worker) entry(op Op, mailbox string) Entry {
	return Entry{Op: op, Session: w.account, Server: string(w.server.Name()), Account: w.account, Mailbox: mailbox}
}

// send does one operation that is recorded.
func (w *worker) send(ctx context.Context, e Entry, operation func(context.Context) error) (bool, error) {
	return true, w.do(ctx, w.tally, e, operation)
}

// mailboxes returns the names of the user's own mailboxes, as they are listed
// now; none where they cannot be listed.
func (w *worker) mailboxes(ctx context.Context) []string {
	ctx, cancel := target.Within(ctx, w.pair.Clock(), answerWithin)
	defer cancel()
	names, err := w.session.List(ctx)
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(names, func(name string) bool { return !below(name, Inbox) })
}

// aMailbox draws one of the user's mailboxes that fits; "" where none does.
func (w *worker) aMailbox(ctx context.Context, fits func(string) bool) string {
	names := slices.DeleteFunc(w.mailboxes(ctx), func(name string) bool { return !fits(name) })
	if len(names) == 0 {
		return ""
	}
	return names[w.rand.IntN(len(names))]
}

func anyMailbox(string) bool { return true }

// isPlain says of a mailbox that neither Cyrus nor the user's rules need it.
func isPlain(name string) bool {
	return name != Inbox && !slices.Contains(RuleMailboxes(), name)
}

// seen is a message as the user sees it listed.
type seen struct {
	uid    uint32
	marker string
	flags  []string
	modSeq uint64
}

// look lists the messages of a mailbox that traffic wrote; none where the
// server does not let the user look. A file that was cut off may end within the marker:
// whose message that is nobody can tell.
func (w *worker) look(ctx context.Context, mailbox string) []seen {
	ctx, cancel := target.Within(ctx, w.pair.Clock(), answerWithin)
	defer cancel()
	markers, err := w.session.Header(ctx, mailbox, MarkerField, nil)
	if err != nil {
		return nil
	}
	records, err := w.session.Records(ctx, mailbox)
	if err != nil {
		return nil
	}
	messages := make([]seen, 0, len(records))
	for _, r := range records {
		if marker, ok := markers[r.UID]; ok && w.ledger.knows(marker) {
			messages = append(messages, seen{r.UID, marker, r.Flags, r.ModSeq})
		}
	}
	return messages
}

// aMessage draws a mailbox and a message in it.
func (w *worker) aMessage(ctx context.Context) (mailbox string, message seen, ok bool) {
	const tries = 3 // a mailbox may be empty
	for range tries {
		if mailbox = w.aMailbox(ctx, anyMailbox); mailbox == "" {
			return "", seen{}, false
		}
		if messages := w.look(ctx, mailbox); len(messages) > 0 {
			return mailbox, messages[w.rand.IntN(len(messages))], true
		}
	}
	return "", seen{}, false
}

// once says whether the user has not done this on this server before, and
// notes that it now was: what a user does and undoes leaves no trace by which
// two servers' states could be told apart.
func (w *worker) once(what ...string) bool {
	key := strings.Join(append([]string{string(w.server.Name()), w.account}, what...), "\x00")
	before := w.touched[key]
	w.touched[key] = true
	return !before
}
