package restore

import (
	"context"

	"github.com/cyrdrill/cyrdrill/harness/restore/journal"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// ready is a batch of copies that was sifted, and read from the rescued store, while the
// server was writing the one before.
type ready struct {
	todo []int
	read fetched
}

// fetched are messages of the rescued store, on their way.
type fetched struct {
	sending  []int // their actions
	messages []target.AppendMessage
	left     outcome // what is not what its index recorded
}

// takeReady returns the batch that was made ready, if there is one. It is needed once.
func (a *account) takeReady() *ready {
	made := a.ready
	a.ready = nil
	return made
}

// begin writes down that a batch is about to be carried out, together with what the
// journal is still owed: one line or three, the disk is waited for once.
func (a *account) begin(todo []int) error {
	owed := a.owed
	a.owed = nil
	return a.note(append(owed, journal.Entry{Begun: journal.Ranges(todo)})...)
}

// conclude writes down what came of a batch. Where the next one is ready, that waits until
// it is begun: nothing is done in between, and were the restore to end there, what has come
// would be found.
func (a *account) conclude(entries []journal.Entry) error {
	if a.ready != nil && len(a.ready.todo) > 0 {
		a.owed = append(a.owed, entries...)
		return nil
	}
	return a.note(entries...)
}

// noteOwed writes down at once what would have waited for the next batch.
func (a *account) noteOwed() error {
	owed := a.owed
	a.owed = nil
	return a.note(owed...)
}

// whileReadingAhead does what writes a batch, and makes the following one ready meanwhile,
// if it copies. What goes wrong with that is left to its own turn: writing goes on.
func (a *account) whileReadingAhead(ctx context.Context, write func(context.Context) error) error {
	if len(a.following) == 0 || a.plan.Actions[a.following[0]].Act != Copy {
		return write(ctx)
	}
	var made *ready
	err := a.scene.Executor.Run(ctx, write, func(ctx context.Context) error {
		made = a.makeReady(ctx, a.following)
		return nil
	})
	if a.ready = made; made == nil {
		a.now = nil // it was sifted in part, and has to be looked anew
	}
	return err
}

// makeReady returns nil where that cannot be done now.
func (a *account) makeReady(ctx context.Context, batch []int) *ready {
	todo, err := a.sift(ctx, batch)
	if err != nil {
		return nil
	}
	made := &ready{todo: todo}
	if len(todo) > 0 {
		made.read, err = a.fetch(ctx, todo)
	}
	if err != nil {
		return nil
	}
	return made
}

// fetch reads a batch's messages from the rescued store.
func (a *account) fetch(ctx context.Context, batch []int) (came fetched, err error) {
	source, err := a.hands.at(ctx, a.scene.Rescued, a.name)
	if err != nil {
		return came, err
	}
	return a.bodiesOf(ctx, source, batch)
}
