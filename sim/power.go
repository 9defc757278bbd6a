package sim

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

var _ target.PowerSaboteur = saboteur{}

// writeBack is how long a disk may take to keep by itself what nobody has made it
// keep.
const writeBack = 30 * time.Second

// unsynced is something that was written and may yet be forgotten. Cyrus calls
// fsync for each file that it writes, and for no directory in which it gives a file
// another name or takes one away.
type unsynced struct {
	at   time.Time
	undo func()
}

// mayForget notes a change that the disk need not keep if the power is cut soon.
func (s *server) mayForget(undo func()) {
	d := s.disk
	for len(d.unsynced) > 0 && s.pair.now.Sub(d.unsynced[0].at) > writeBack {
		d.unsynced = d.unsynced[1:]
	}
	d.unsynced = append(d.unsynced, unsynced{s.pair.now, undo})
}

// renamesScripts notes that compiled scripts, and the link to the active one, are
// about to be put in the place of others.
func (s *server) renamesScripts(a *accountState) {
	bytecode, active := maps.Clone(a.bytecode), a.defaultScript
	s.mayForget(func() { a.bytecode, a.defaultScript = bytecode, active })
}

// removesRun notes that log-run is about to be removed.
func (s *server) removesRun() {
	run := s.disk.run
	s.mayForget(func() {
		if len(s.disk.run.entries) == 0 {
			s.disk.run = run
		}
	})
}

// CutPower implements [target.PowerSaboteur].
func (b saboteur) CutPower(ctx context.Context, name target.ServerName) (target.Evidence, error) {
	evidence, err := b.KillServer(ctx, name)
	if err != nil {
		return target.Evidence{}, fmt.Errorf("cutting the power of %s: %w", name, err)
	}
	d := b.pair.server(name).disk
	lost := 0
	for i := len(d.unsynced) - 1; i >= 0; i-- {
		if b.pair.now.Sub(d.unsynced[i].at) <= writeBack {
			d.unsynced[i].undo()
			lost++
		}
	}
	d.unsynced = nil
	b.pair.tracef("%s lost power, and %d changes that its disk had not kept", name, lost)
	evidence.Summary = fmt.Sprintf("the power of %s was cut, and its disk forgot %d changes", name, lost)
	return evidence, nil
}
