package sim

import (
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// saboteur breaks things.
type saboteur struct{ pair *Pair }

var _ target.Saboteur = saboteur{}

// Suspend implements [target.Saboteur].
func (b saboteur) Suspend(ctx context.Context, name target.ServerName, process string) (target.Evidence, error) {
	return b.signal(ctx, name, process, "SIGSTOP", target.ProcessStopped)
}

// Resume implements [target.Saboteur].
func (b saboteur) Resume(ctx context.Context, name target.ServerName, process string) (target.Evidence, error) {
	evidence, err := b.signal(ctx, name, process, "SIGCONT", target.ProcessRunning)
	if s := b.pair.server(name); err == nil && process == syncClientName {
		s.client.wake()
	}
	return evidence, err
}

func (b saboteur) signal(ctx context.Context, name target.ServerName, process, signal string, state target.ProcessState) (target.Evidence, error) {
	if err := b.pair.takes(ctx, execTime); err != nil {
		return target.Evidence{}, err
	}
	s := b.pair.server(name)
	evidence := target.Evidence{Summary: fmt.Sprintf("%s on %s was sent %s", process, name, signal)}
	for _, p := range s.processes {
		if p.name == process {
			evidence.Facts = append(evidence.Facts, target.Fact{
				What: fmt.Sprintf("state of %s (pid %d) on %s", process, p.pid, name), Before: string(p.state), After: string(state),
			})
			p.state = state
		}
	}
	if len(evidence.Facts) == 0 {
		return target.Evidence{}, fmt.Errorf("sending %s to %s on %s: no such process", signal, process, name)
	}
	b.pair.tracef("%s", evidence.Summary)
	return evidence, nil
}

// KillServer implements [target.Saboteur].
func (b saboteur) KillServer(ctx context.Context, name target.ServerName) (target.Evidence, error) {
	s := b.pair.server(name)
	if !s.up() {
		return target.Evidence{}, fmt.Errorf("killing %s: it is down", name)
	}
	before := fmt.Sprintf("%d running", len(s.processes))
	s.kill()
	return target.Evidence{
		Summary: fmt.Sprintf("all processes of %s were sent SIGKILL", name),
		Facts:   []target.Fact{{What: fmt.Sprintf("processes on %s", name), Before: before, After: "none"}},
	}, b.pair.takes(ctx, execTime)
}
