package sim

import (
	"context"
	"fmt"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

var (
	_ target.LogOperator     = operator{}
	_ target.ProcessSaboteur = saboteur{}
	_ target.LogSaboteur     = saboteur{}
)

// QueueUser implements [target.LogOperator].
func (o operator) QueueUser(ctx context.Context, name target.ServerName, account string) error {
	if err := o.pair.takes(ctx, toolTime); err != nil {
		return err
	}
	s := o.pair.server(name)
	if !s.up() {
		return fmt.Errorf("queueing %s on %s: it is down", account, name)
	}
	s.log("USER", account)
	return nil
}

// ShutSyncClient implements [target.LogOperator]. sync_client looks for the file
// between two batches; then the master process starts it again.
func (o operator) ShutSyncClient(ctx context.Context, name target.ServerName) error {
	const within = 10 * time.Second
	s := o.pair.server(name)
	what := "sync_client on " + string(name) + " to take the file that ends it"
	return target.WaitUntil(ctx, o.pair.world, within, what, func(context.Context) (bool, string, error) {
		if s.client == nil || s.client.givenUp || s.stopped(syncClientName) || s.client.batch != nil || !s.client.connected() {
			return false, "it is there", nil
		}
		s.client.respawn()
		return true, "", nil
	})
}

// Reload implements [target.LogOperator].
func (o operator) Reload(ctx context.Context, name target.ServerName) error {
	if err := o.pair.takes(ctx, execTime); err != nil {
		return err
	}
	s := o.pair.server(name)
	if !s.up() {
		return fmt.Errorf("sending SIGHUP to the master process of %s: it is down", name)
	}
	if s.client != nil && s.client.givenUp {
		s.client = newSyncClient(s)
	}
	return nil
}

// KillProcess implements [target.ProcessSaboteur].
func (b saboteur) KillProcess(ctx context.Context, name target.ServerName, process string, times int) (target.Evidence, error) {
	s := b.pair.server(name)
	before := s.pids(process)
	for range times {
		if err := b.pair.takes(ctx, execTime); err != nil {
			return target.Evidence{}, err
		}
		if s.process(process) == nil {
			return target.Evidence{}, fmt.Errorf("killing %s on %s: there is none", process, name)
		}
		if process == syncClientName {
			s.client.die(killedText)
			continue
		}
		s.reaped(serviceOf(process), killedText)
		s.end(process)
		s.spawn(process)
	}
	return target.Evidence{
		Summary: fmt.Sprintf("%s on %s was sent SIGKILL %d times", process, name, times),
		Facts:   []target.Fact{{What: fmt.Sprintf("pids of %s on %s", process, name), Before: before, After: s.pids(process)}},
	}, nil
}

// pids returns the ids of the server's processes of that name.
func (s *server) pids(process string) string {
	var pids []int
	for _, p := range s.processes {
		if p.name == process {
			pids = append(pids, p.pid)
		}
	}
	return fmt.Sprint(pids)
}

// RemoveSyncLog implements [target.LogSaboteur].
func (b saboteur) RemoveSyncLog(ctx context.Context, name target.ServerName) (target.Evidence, error) {
	if err := b.pair.takes(ctx, execTime); err != nil {
		return target.Evidence{}, err
	}
	d := b.pair.server(name).disk
	before := len(d.log.entries) + len(d.run.entries)
	d.log, d.run = logFile{}, logFile{}
	b.pair.tracef("the sync log of %s is gone", name)
	return target.Evidence{
		Summary: fmt.Sprintf("the sync log of %s is gone", name),
		Facts:   []target.Fact{{What: "entries in the sync log of " + string(name), Before: fmt.Sprint(before), After: "0"}},
	}, nil
}
