package cyrus

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

var _ target.ReplicationSaboteur = saboteur{}

const givenUp = "disabling until next SIGHUP"

// killing sends a signal to all processes of a name; one that has gone meanwhile
// is no error.
const killing = `for f in /proc/[0-9]*; do read -r n 2>/dev/null <"$f/comm" && [ "$n" = "$1" ] && kill -"$2" "${f#/proc/}"; done; true`

// LoseSyncLog implements [target.ReplicationSaboteur].
func (b saboteur) LoseSyncLog(ctx context.Context, name target.ServerName) (target.Evidence, error) {
	s := b.pair.server(name)
	fail := func(err error) (target.Evidence, error) {
		return target.Evidence{}, fmt.Errorf("losing the sync log of %s: %w", name, err)
	}
	before, err := s.Host().SyncLog(ctx)
	if err != nil {
		return fail(err)
	}
	// The master process gives up on a process that dies five times within
	// seconds.
	err = target.WaitUntil(ctx, realTime{}, 30*time.Second, "the master process to give up on sync_client", func(ctx context.Context) (bool, string, error) {
		alive, err := s.has(ctx, "sync_client")
		if err != nil {
			return false, "", err
		}
		if alive {
			_, err = s.pair.engine.exec(ctx, s.id, "", "sh", "-c", killing, "killing", "sync_client", "KILL")
			return false, "it was started again", err
		}
		text, err := s.Host().Syslog(ctx)
		return strings.Contains(string(text), givenUp), "no sync_client, and not given up", err
	})
	if err != nil {
		return fail(err)
	}
	if _, err := s.pair.engine.exec(ctx, s.id, "", "rm", "-f", syncFolder+"/log", syncFolder+"/log-run"); err != nil {
		return fail(err)
	}
	after, err := s.Host().SyncLog(ctx)
	if err != nil {
		return fail(err)
	}
	return target.Evidence{
		Summary: fmt.Sprintf("sync_client on %s is dead, its master process has given up on it, and the sync log is gone", name),
		Facts: []target.Fact{
			{What: "sync_client on " + string(name), Before: "running", After: "given up"},
			{What: "entries in the sync log of " + string(name), Before: fmt.Sprint(before.Pending()), After: fmt.Sprint(after.Pending())},
		},
	}, nil
}

func (s *server) has(ctx context.Context, process string) (bool, error) {
	processes, err := s.Host().Processes(ctx)
	return slices.ContainsFunc(processes, func(p target.Process) bool { return p.Name == process }), err
}
