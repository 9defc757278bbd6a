package killed

import (
	"sync"

	"github.com/cyrdrill/cyrdrill/harness/restore"
)

// fate is what befalls whoever sends commands.
type fate interface {
	// command sends one: it does it, or does not.
	command(do func() error) error
}

var (
	_ fate = (*Death)(nil)
	_ fate = (*Accident)(nil)
)

// Accident is something that happens amid a restore which goes on: its server dies, or a
// second restore is begun. Commands to the server and to operators are counted, entries
// of the journal are not.
type Accident struct {
	happens func()
	after   bool
	follows func(since int)

	mu       sync.Mutex
	commands int // until it happens
	since    int // that it happened
}

// Upon returns an accident at the n-th command, counted from 1: right before it, or right
// after it was answered. The one who sends the command waits for what happens then.
func Upon(n int, after bool, happens func()) *Accident {
	return &Accident{commands: n, after: after, happens: happens}
}

// Then says what is done before each command that follows on the accident: they are
// counted from 1.
func (a *Accident) Then(follows func(since int)) *Accident {
	a.follows = follows
	return a
}

// Came says whether the restore got as far as that.
func (a *Accident) Came() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.commands <= 0
}

// Befall returns the scene of a restore that meets with it.
func (a *Accident) Befall(scene restore.Scene) restore.Scene {
	scene.Serving = server{scene.Serving, a}
	scene.Operator = operator{scene.Operator, a}
	if scene.Sync != nil {
		scene.Sync = dialer{scene.Sync, a}
	}
	return scene
}

func (a *Accident) command(do func() error) error {
	now, since := a.count()
	switch {
	case now && !a.after:
		a.happens()
	case since > 0 && a.follows != nil:
		a.follows(since)
	}
	err := do()
	if now && a.after {
		a.happens()
	}
	return err
}

// count says of a command whether it is the one, or else how many came since.
func (a *Accident) count() (now bool, since int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.commands <= 0 {
		a.since++
		return false, a.since
	}
	a.commands--
	return a.commands == 0, 0
}
