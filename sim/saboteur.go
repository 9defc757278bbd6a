package sim

import (
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// saboteur breaks things.
type saboteur struct{ pair *Pair }

var (
	_ target.Saboteur            = saboteur{}
	_ target.ServerHanger        = saboteur{}
	_ target.ReplicationSaboteur = saboteur{}
)

// Suspend implements [target.Saboteur].
func (b saboteur) Suspend(ctx context.Context, name target.ServerName, process string) (target.Evidence, error) {
	return b.signal(ctx, name, process, "SIGSTOP", target.ProcessStopped)
}

// Resume implements [target.Saboteur].
func (b saboteur) Resume(ctx context.Context, name target.ServerName, process string) (target.Evidence, error) {
	evidence, err := b.signal(ctx, name, process, "SIGCONT", target.ProcessRunning)
	if s := b.pair.server(name); err == nil && s.client != nil {
		s.client.resumed()
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
	s.cutRooting()
	s.kill()
	s.disk.readOnly = false // a machine that starts mounts anew
	return target.Evidence{
		Summary: fmt.Sprintf("all processes of %s were sent SIGKILL", name),
		Facts:   []target.Fact{{What: fmt.Sprintf("processes on %s", name), Before: before, After: "none"}},
	}, b.pair.takes(ctx, execTime)
}

// Hang implements [target.ServerHanger].
func (b saboteur) Hang(ctx context.Context, name target.ServerName) (target.Evidence, error) {
	return b.freeze(ctx, name, true)
}

// Unhang implements [target.ServerHanger].
func (b saboteur) Unhang(ctx context.Context, name target.ServerName) (target.Evidence, error) {
	return b.freeze(ctx, name, false)
}

func (b saboteur) freeze(ctx context.Context, name target.ServerName, frozen bool) (target.Evidence, error) {
	s := b.pair.server(name)
	doing, done, before, after := "freezing", "frozen", "running", "paused"
	state := target.ProcessStopped
	if !frozen {
		doing, done, before, after, state = "unfreezing", "unfrozen", "paused", "running", target.ProcessRunning
	}
	if !s.up() || s.hung() == frozen {
		return target.Evidence{}, fmt.Errorf("%s %s: it is %s", doing, name, s.condition())
	}
	for _, p := range s.processes {
		p.state = state
	}
	if !frozen {
		operator(b).tellClient(s)
		if s.client != nil {
			s.client.resumed()
		}
	}
	b.pair.tracef("%s was %s", name, done)
	return target.Evidence{
		Summary: fmt.Sprintf("all processes of %s were %s", name, done),
		Facts:   []target.Fact{{What: fmt.Sprintf("state of %s", name), Before: before, After: after}},
	}, b.pair.takes(ctx, connectTime)
}

// condition says what the server is like as a machine.
func (s *server) condition() string {
	switch {
	case !s.up():
		return "exited"
	case s.hung():
		return "paused"
	default:
		return "running"
	}
}

// LoseSyncLog implements [target.ReplicationSaboteur].
func (b saboteur) LoseSyncLog(ctx context.Context, name target.ServerName) (target.Evidence, error) {
	s := b.pair.server(name)
	if s.client == nil || s.client.givenUp {
		return target.Evidence{}, fmt.Errorf("losing the sync log of %s: no sync_client runs there", name)
	}
	if err := b.pair.takes(ctx, execTime); err != nil {
		return target.Evidence{}, err
	}
	before := len(s.disk.log.entries) + len(s.disk.run.entries)
	for !s.client.givenUp {
		s.client.die(killedText)
	}
	s.disk.log, s.disk.run = logFile{}, logFile{}
	return target.Evidence{
		Summary: fmt.Sprintf("sync_client on %s is dead, its master process has given up on it, and the sync log is gone", name),
		Facts: []target.Fact{
			{What: "sync_client on " + string(name), Before: "running", After: "given up"},
			{What: "entries in the sync log of " + string(name), Before: fmt.Sprint(before), After: "0"},
		},
	}, nil
}
