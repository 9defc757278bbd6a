package cyrus

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/moby/moby/client"

	"github.com/cyrdrill/cyrdrill/harness/hostview"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

var _ target.ServerHanger = saboteur{}

// Hang implements [target.ServerHanger]: the engine freezes all processes of the
// container. The kernel goes on to accept connections for them.
func (b saboteur) Hang(ctx context.Context, name target.ServerName) (target.Evidence, error) {
	return b.freeze(ctx, name, true, func(ctx context.Context, id string) error {
		return target.WaitUntil(ctx, realTime{}, pauseWithin, "the kernel to freeze it", func(ctx context.Context) (bool, string, error) {
			_, err := b.pair.engine.ContainerPause(ctx, id, client.ContainerPauseOptions{})
			return err == nil, fmt.Sprint(err), nil
		})
	})
}

// pauseWithin is how long is tried to freeze a container: the kernel refuses it now and
// then where processes come and go fast.
const pauseWithin = 5 * time.Second

// Unhang implements [target.ServerHanger].
func (b saboteur) Unhang(ctx context.Context, name target.ServerName) (target.Evidence, error) {
	return b.freeze(ctx, name, false, func(ctx context.Context, id string) error {
		_, err := b.pair.engine.ContainerUnpause(ctx, id, client.ContainerUnpauseOptions{})
		return err
	})
}

// freeze takes a server into a pause or out of it.
func (b saboteur) freeze(ctx context.Context, name target.ServerName, frozen bool, do func(ctx context.Context, id string) error) (target.Evidence, error) {
	doing, done := "freezing", "frozen"
	if !frozen {
		doing, done = "unfreezing", "unfrozen"
	}
	s := b.pair.server(name)
	before, err := b.pair.engine.inspect(ctx, s.id)
	if err != nil {
		return target.Evidence{}, fmt.Errorf("%s %s: %w", doing, name, err)
	}
	if !before.State.Running || before.State.Paused == frozen {
		return target.Evidence{}, fmt.Errorf("%s %s: it is %s", doing, name, before.State.Status)
	}
	if err := do(ctx, s.id); err != nil {
		return target.Evidence{}, fmt.Errorf("%s %s: %w", doing, name, err)
	}
	after, err := b.pair.engine.inspect(ctx, s.id)
	if err != nil {
		return target.Evidence{}, fmt.Errorf("%s %s: %w", doing, name, err)
	}
	return target.Evidence{
		Summary: fmt.Sprintf("all processes of %s were %s", name, done),
		Facts:   []target.Fact{{What: fmt.Sprintf("state of %s", name), Before: string(before.State.Status), After: string(after.State.Status)}},
	}, nil
}

// frozenProcesses lists the processes of a paused container, in which nothing
// can be run to ask: as the engine sees them, with the pids of its machine.
func (v hostView) frozenProcesses(ctx context.Context) ([]target.Process, error) {
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	listed, err := v.pair.engine.ContainerTop(ctx, v.id, client.ContainerTopOptions{Arguments: []string{"-eo", "pid,comm"}})
	if err != nil {
		return nil, fmt.Errorf("asking the engine for the processes of %s: %w", v.name, err)
	}
	return parseTop(listed.Processes), nil
}

// parseTop reads rows of pid and name, and returns Cyrus's processes, sorted by
// name and pid.
func parseTop(rows [][]string) []target.Process {
	var processes []target.Process
	for _, row := range rows {
		if len(row) < 2 || !hostview.IsCyrus(row[1]) {
			continue
		}
		if pid, err := strconv.Atoi(row[0]); err == nil {
			processes = append(processes, target.Process{PID: pid, Name: row[1], State: target.ProcessStopped})
		}
	}
	hostview.SortProcesses(processes)
	return processes
}
