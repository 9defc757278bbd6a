package restore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/restore/estimate"
	"github.com/cyrdrill/cyrdrill/harness/restore/journal"
	"github.com/cyrdrill/cyrdrill/harness/restore/order"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Options say how a plan is applied. The zero value applies it with a journal in
// memory: then a restore that is killed has to be planned anew.
type Options struct {
	Journal journal.Store
	Workers int   // accounts at once, at most; 0: 4
	MaxRate int64 // bytes a second; 0: as fast as the server takes them
	// Order says which account comes first; nil: [order.Soonest].
	Order order.By
	// Waiting returns the accounts whose users wait to log in. It is asked before
	// each account; nil: nobody is known to wait.
	Waiting func() []string
	// LastUse is when each account was last used, as far as that is known.
	LastUse map[string]time.Time
	// Observe is told how it goes, after each piece of work; nil: nobody is.
	Observe func(Progress)
}

const defaultWorkers = 4

// Progress is how far a restore is.
type Progress struct {
	At           time.Time          `json:"at"`
	Account      string             `json:"account,omitempty"` // that is done by now; empty: amid one
	Accounts, Of int                `json:"-"`                 // done, and in all
	Done, Total  estimate.Work      `json:"-"`
	Share        float64            `json:"share"` // of all work
	Remaining    estimate.Remaining `json:"-"`
}

// engine carries out a plan.
type engine struct {
	scene   Scene
	plan    Plan
	options Options
	journal *journal.Journal
	pace    *pace
	held    target.ServerName // whose replication is held; empty: none is

	mu       sync.Mutex
	rate     *estimate.Rate
	accounts []*account // all, in the plan's order
	left     []*account // that nobody has begun with
	atWork   []*account // that somebody is at
	done     int
}

// Apply carries out a plan, account by account, several side by side. Each account's
// actions are done in their order, read back, and only then the worker goes on to the
// next account.
//
// Before anything is done it is written down in the journal, and again when the server
// has answered; with the same journal a restore that was killed goes on where it was.
// Each action is held against what the server has at that moment, so that a plan which
// is applied twice does nothing the second time, and what users have done since the
// plan was made stands.
//
// Bodies are read from the rescued server as its users would get them and are copied
// only if their SHA-1 is the GUID that its index recorded: a damaged message is left
// and reported, never passed on as good. An action that the server refuses is reported
// in Left. A server that does not answer is waited for; where that does not help, the
// restore ends, and the report says what was done until then.
func Apply(ctx context.Context, scene Scene, plan Plan, options Options) (report Report, err error) {
	if err := scene.check(plan); err != nil {
		return Report{Restorer: plan.Restorer}, err
	}
	store := options.Journal
	if store == nil {
		store = &journal.Memory{}
	}
	written, err := journal.Open(store, plan.journaled(scene))
	if err != nil {
		return Report{Restorer: plan.Restorer}, err
	}
	defer func() { err = also(err, written.Close()) }()
	e := newEngine(scene, plan, options, written)
	if !written.Ended() {
		err = e.run(ctx)
	}
	return e.report(), err
}

// journaled says what the journal of a plan is of.
func (p Plan) journaled(scene Scene) journal.Of {
	from := "nowhere"
	if scene.Rescued != nil {
		from = string(scene.Rescued.Name())
	}
	return journal.Of{Plan: p.Digest(), Run: fmt.Sprintf("%s, %s to %s", p.Restorer, from, scene.Serving.Name()), Actions: len(p.Actions)}
}

func newEngine(scene Scene, plan Plan, options Options, written *journal.Journal) *engine {
	e := &engine{scene: scene, plan: plan, options: options, journal: written}
	if e.options.Workers <= 0 {
		e.options.Workers = defaultWorkers
	}
	if e.options.Order == nil {
		e.options.Order = order.Soonest
	}
	e.pace = newPace(scene.Clock, e.options.Workers, options.MaxRate)
	e.gather()
	return e
}

// gather groups what is left to be done by account.
func (e *engine) gather() {
	byName := map[string]*account{}
	for i, a := range e.plan.Actions {
		if a.Act == Keep {
			continue
		}
		of := byName[a.Account]
		if of == nil {
			of = &account{engine: e, name: a.Account}
			byName[a.Account] = of
			e.accounts = append(e.accounts, of)
		}
		of.actions = append(of.actions, i)
	}
	for _, sight := range e.plan.Saw {
		if of := byName[sight.Account]; of != nil {
			of.saw = append(of.saw, sight)
		}
	}
	var todo estimate.Work
	for _, of := range e.accounts {
		if e.journal.Verified(of.name) {
			e.done++
			continue
		}
		of.work = of.workOf(of.pending())
		todo = todo.Plus(of.work)
		e.left = append(e.left, of)
	}
	e.rate = estimate.NewRate(todo, e.scene.Clock.Now())
}

// run does what is left.
func (e *engine) run(ctx context.Context) error {
	release, err := e.guard(ctx)
	if err != nil {
		return err
	}
	workers := make([]func(context.Context) error, min(e.options.Workers, len(e.left)))
	for i := range workers {
		workers[i] = e.worker
	}
	err = e.scene.Executor.Run(ctx, workers...)
	var unsound *unsoundError
	if errors.As(err, &unsound) && e.held != "" {
		return fmt.Errorf("%w; replication of %s is held still, so that it does not carry that on", err, e.held)
	}
	if err = also(err, release()); err != nil {
		return err
	}
	return e.note(journal.Entry{Ended: true})
}

// also is both errors in one line, as far as there are any.
func also(err, other error) error {
	switch {
	case err == nil:
		return other
	case other == nil:
		return err
	}
	return fmt.Errorf("%w; and %w", err, other)
}

// worker restores accounts until none is left.
func (e *engine) worker(ctx context.Context) error {
	for {
		if err := e.pace.enter(ctx); err != nil {
			return err
		}
		next := e.next()
		if next == nil {
			e.pace.leave()
			return nil
		}
		err := next.restore(ctx)
		e.pace.leave()
		if err != nil {
			return err
		}
		e.accountDone(next)
	}
}

// next takes the account that comes first, as things are now.
func (e *engine) next() *account {
	var waiting []string
	if e.options.Waiting != nil {
		waiting = e.options.Waiting()
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	now, cost := e.scene.Clock.Now(), e.rate.Cost()
	candidates := make([]order.Account, len(e.left))
	for i, of := range e.left {
		candidates[i] = order.Account{
			Name: of.name, Takes: time.Duration(cost.Of(of.work) * float64(time.Second)), Waiting: slices.Contains(waiting, of.name),
		}
		if used, known := e.options.LastUse[of.name]; known {
			candidates[i].Idle = now.Sub(used)
		}
	}
	i := order.Next(candidates, e.options.Order)
	if i < 0 {
		return nil
	}
	next := e.left[i]
	e.left, e.atWork = slices.Delete(e.left, i, i+1), append(e.atWork, next)
	return next
}

// note writes entries into the journal, which are safe together.
func (e *engine) note(entries ...journal.Entry) error {
	for i := range entries {
		entries[i].At = e.scene.Clock.Now().UTC()
	}
	if err := e.journal.Write(entries...); err != nil {
		return &journalError{err}
	}
	return nil
}

// accountDone tells of an account that is done.
func (e *engine) accountDone(done *account) {
	e.mu.Lock()
	e.done++
	e.atWork = slices.DeleteFunc(e.atWork, func(a *account) bool { return a == done })
	e.mu.Unlock()
	e.tell(done.name)
}

func (e *engine) tell(account string) {
	if e.options.Observe == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	now := e.scene.Clock.Now()
	e.options.Observe(Progress{
		At: now, Account: account, Accounts: e.done, Of: len(e.accounts), Done: e.rate.Done(), Total: e.rate.Total(),
		Share: e.rate.Share(), Remaining: e.remaining(now),
	})
}

// fewAccounts is up to how many it is worked out who does what; of more, the average
// tells enough.
const fewAccounts = 64

func (e *engine) remaining(now time.Time) estimate.Remaining {
	if len(e.left) > fewAccounts {
		return e.rate.Remaining(now)
	}
	var parts []estimate.Part
	for _, a := range e.atWork {
		parts = append(parts, estimate.Part{Left: a.work, AtWork: a.piece})
	}
	left := slices.SortedFunc(slices.Values(e.left), func(a, b *account) int { return cmp.Compare(e.rate.Cost().Of(a.work), e.rate.Cost().Of(b.work)) })
	for _, a := range left {
		parts = append(parts, estimate.Part{Left: a.work})
	}
	return e.rate.RemainingOf(now, e.options.Workers, parts)
}

// report says what the journal tells: what this restore did, and what it had done
// before it was killed.
func (e *engine) report() Report {
	r := Report{Restorer: e.plan.Restorer, KeptIndexes: e.journal.Kept()}
	for i, a := range e.plan.Actions {
		switch e.journal.State(i) {
		case journal.Done:
			r.count(a, e.journal.Anew(i))
		case journal.Found:
			r.Found++
		case journal.Left:
			r.Left = append(r.Left, Left{a, e.journal.Why(i)})
			continue
		}
		if a.Act == Keep {
			r.Kept++
		}
		if a.Doubtful && (a.Act == Keep || e.journal.State(i) == journal.Done) {
			r.Doubtful++
		}
	}
	for _, of := range e.accounts {
		r.Accounts = append(r.Accounts, e.reportOf(of))
	}
	return r
}

func (e *engine) reportOf(of *account) AccountReport {
	r := AccountReport{Account: of.name, Done: map[Act]int{}, ReadBack: e.journal.Verified(of.name)}
	for _, i := range of.actions {
		switch e.journal.State(i) {
		case journal.Done:
			r.Done[e.plan.Actions[i].Act]++
			if e.journal.Anew(i) {
				r.Anew++
			}
		case journal.Found:
			r.Found++
		case journal.Left:
			r.Left = append(r.Left, Left{e.plan.Actions[i], e.journal.Why(i)})
		default:
			r.Pending++
		}
	}
	return r
}

// where says what an error is about.
func (a Action) where() string {
	return fmt.Sprintf("restoring %s of %s", cmp.Or(a.Mailbox, a.Name, "what belongs to no mailbox"), a.Account)
}
