// Package killed lets a restore die amid its work, as a process does of SIGKILL:
// what it has sent may have been done, what it was writing down may be half there, and
// from then on it does nothing any more, not even to tidy up.
//
// Properties of restores are tested with it, and a drill's step can ask for it.
//
//	go test ./harness/restore/killed
package killed

import (
	"context"
	"errors"
	"sync"

	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/restore/journal"
)

// Err is what everything ends with that a dead restore tries.
var Err = errors.New("the restore was killed")

// When is a moment within an act.
type When int

// The moments. Amid an entry of the journal half a line is written; amid a command
// the server does it, and its answer comes too late.
const (
	Before When = iota
	Amid
	After
)

// Death is a restore's end. An act is whatever changes something outside it: an entry
// of its journal, or a command to a server or an operator.
type Death struct {
	when   When
	cancel context.CancelCauseFunc

	mu   sync.Mutex
	acts int // that are left to it
	dead bool
}

// At returns a death amid the n-th act, counted from 1.
func At(n int, when When) *Death { return &Death{acts: n, when: when} }

// Came says whether the restore got as far as that.
func (d *Death) Came() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.dead
}

// Mortal returns the scene, the store and the context of a restore that is to die so.
func (d *Death) Mortal(ctx context.Context, scene restore.Scene, store journal.Store) (context.Context, restore.Scene, journal.Store) {
	ctx, d.cancel = context.WithCancelCause(ctx)
	scene.Serving = server{scene.Serving, d}
	scene.Operator = operator{scene.Operator, d}
	if scene.Sync != nil {
		scene.Sync = dialer{scene.Sync, d}
	}
	return ctx, scene, &diary{Store: store, death: d}
}

// act does one act, unless the restore is dead, and lets it die where its time has
// come. Amid is what is done then in place of all of it.
func (d *Death) act(whole, amid func() error) error {
	switch alive, last := d.count(); {
	case !alive:
		return Err
	case !last:
		return whole()
	}
	defer d.cancel(Err)
	switch d.when {
	case Amid:
		_ = amid() // nobody is there any more to hear how it went
	case After:
		_ = whole()
	}
	return Err
}

// count counts an act, and says whether the restore is alive at its beginning, and whether
// it is the one that it dies in. Whoever else acts meanwhile is dead already.
func (d *Death) count() (alive, last bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dead {
		return false, false
	}
	d.acts--
	d.dead = d.acts <= 0
	return true, d.dead
}

// command is an act that a server does as a whole or not at all.
func (d *Death) command(do func() error) error { return d.act(do, do) }

// diary is the journal of a mortal.
type diary struct {
	journal.Store
	death *Death
}

func (m *diary) Append(data []byte) error {
	return m.death.act(
		func() error { return m.Store.Append(data) },
		func() error { return m.Store.Append(data[:len(data)/2]) },
	)
}

func (m *diary) Truncate(size int64) error {
	return m.death.command(func() error { return m.Store.Truncate(size) })
}
