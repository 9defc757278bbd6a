package cyrus

import (
	"context"
	_ "embed"
	"fmt"
	"strings"

	"github.com/moby/moby/client"

	"github.com/cyrdrill/cyrdrill/harness/hostview"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// saboteur breaks things through the engine and by signals, from outside
// Cyrus.
type saboteur struct{ pair *Pair }

var _ target.Saboteur = saboteur{}

// Suspend implements [target.Saboteur].
func (b saboteur) Suspend(ctx context.Context, name target.ServerName, process string) (target.Evidence, error) {
	return b.signal(ctx, name, process, "STOP")
}

// Resume implements [target.Saboteur].
func (b saboteur) Resume(ctx context.Context, name target.ServerName, process string) (target.Evidence, error) {
	return b.signal(ctx, name, process, "CONT")
}

//go:embed signal.sh
var signalScript string

// signal sends a signal to all processes of a name and returns what the kernel
// says of each before and after.
func (b saboteur) signal(ctx context.Context, name target.ServerName, process, signal string) (target.Evidence, error) {
	s := b.pair.server(name)
	out, err := b.pair.engine.exec(ctx, s.id, "", "sh", "-euc", signalScript, "signal.sh", process, signal)
	if err != nil {
		return target.Evidence{}, fmt.Errorf("sending SIG%s to %s on %s: %w", signal, process, name, err)
	}
	evidence := target.Evidence{Summary: fmt.Sprintf("%s on %s was sent SIG%s", process, name, signal)}
	for line := range strings.Lines(string(out)) {
		var pid int
		var before, after string
		if _, err := fmt.Sscan(line, &pid, &before, &after); err != nil {
			return target.Evidence{}, fmt.Errorf("sending SIG%s to %s on %s: its states read %q: %w", signal, process, name, line, err)
		}
		evidence.Facts = append(evidence.Facts, target.Fact{
			What:   fmt.Sprintf("state of %s (pid %d) on %s", process, pid, name),
			Before: string(hostview.StateOf(before[0])), After: string(hostview.StateOf(after[0])),
		})
	}
	if len(evidence.Facts) == 0 {
		return target.Evidence{}, fmt.Errorf("sending SIG%s to %s on %s: no such process", signal, process, name)
	}
	return evidence, nil
}

// KillServer implements [target.Saboteur]. The engine sends SIGKILL to the
// container's first process, and with it the kernel ends all others.
func (b saboteur) KillServer(ctx context.Context, name target.ServerName) (target.Evidence, error) {
	s := b.pair.server(name)
	if err := s.keepsData(); err != nil {
		return target.Evidence{}, fmt.Errorf("killing %s: %w", name, err)
	}
	before, err := b.pair.engine.inspect(ctx, s.id)
	if err != nil {
		return target.Evidence{}, fmt.Errorf("killing %s: %w", name, err)
	}
	if !before.State.Running {
		return target.Evidence{}, fmt.Errorf("killing %s: it is down", name)
	}
	if _, err := b.pair.engine.ContainerKill(ctx, s.id, client.ContainerKillOptions{Signal: "KILL"}); err != nil {
		return target.Evidence{}, fmt.Errorf("killing %s: %w", name, err)
	}
	s.forgetPorts()
	after := ""
	err = target.WaitUntil(ctx, realTime{}, callWithin, string(name)+" to be dead", func(ctx context.Context) (bool, string, error) {
		found, err := b.pair.engine.inspect(ctx, s.id)
		if err != nil {
			return false, "", err
		}
		after = fmt.Sprintf("%s, status %d", found.State.Status, found.State.ExitCode)
		return !found.State.Running, after, nil
	})
	if err != nil {
		return target.Evidence{}, fmt.Errorf("killing %s: %w", name, err)
	}
	return target.Evidence{
		Summary: fmt.Sprintf("all processes of %s were sent SIGKILL", name),
		Facts:   []target.Fact{{What: fmt.Sprintf("state of %s", name), Before: string(before.State.Status), After: after}},
	}, nil
}
