package cyrus

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/docker"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

var (
	_ target.LogOperator     = operator{}
	_ target.HandSyncer      = operator{}
	_ target.ProcessSaboteur = saboteur{}
	_ target.LogSaboteur     = saboteur{}
)

// reverseConf is a configuration under which sync_client sends to the other server.
const reverseConf = "/etc/imapd-reverse.conf"

// SyncMailbox implements [target.HandSyncer].
func (o operator) SyncMailbox(ctx context.Context, name target.ServerName, mailbox string) (int, error) {
	return o.pair.server(name).syncClient(ctx, "-m", mailbox)
}

// SyncBack implements [target.HandSyncer].
func (o operator) SyncBack(ctx context.Context, name target.ServerName, account string) (int, error) {
	s := o.pair.server(name)
	conf, err := s.pair.config(s, target.RoleMaster, s.peer()).ImapdConf()
	if err != nil {
		return 0, err
	}
	if err := s.pair.engine.write(ctx, s.id, file{path: reverseConf, mode: 0o644, content: conf}); err != nil {
		return 0, fmt.Errorf("writing a configuration of %s towards %s: %w", name, s.peer(), err)
	}
	which := []string{"-A"}
	if account != "" {
		which = []string{"-u", account}
	}
	return s.syncClient(ctx, append([]string{"-C", reverseConf}, which...)...)
}

// SyncMeta implements [target.HandSyncer].
func (o operator) SyncMeta(ctx context.Context, name target.ServerName, account string) (int, error) {
	return o.pair.server(name).syncClient(ctx, "-s", account)
}

// SyncOneWay implements [target.HandSyncer].
func (o operator) SyncOneWay(ctx context.Context, name target.ServerName, account string) (int, error) {
	return o.pair.server(name).syncClient(ctx, "-O", "-u", account)
}

// QueueUser implements [target.LogOperator].
func (o operator) QueueUser(ctx context.Context, name target.ServerName, account string) error {
	s := o.pair.server(name)
	_, err := s.pair.engine.exec(ctx, s.id, "cyrus", s.toolCommand("/usr/lib/cyrus/bin/cyr_synclog", "-u", account)...)
	if err != nil {
		return fmt.Errorf("queueing %s on %s: %w", account, name, err)
	}
	return nil
}

// ShutSyncClient implements [target.LogOperator].
func (o operator) ShutSyncClient(ctx context.Context, name target.ServerName) error {
	s := o.pair.server(name)
	if _, err := s.pair.engine.exec(ctx, s.id, "cyrus", "touch", docker.SyncShutdownFile); err != nil {
		return fmt.Errorf("asking sync_client on %s to end: %w", name, err)
	}
	return target.WaitUntil(ctx, realTime{}, 10*time.Second, "sync_client on "+string(name)+" to take "+docker.SyncShutdownFile,
		func(ctx context.Context) (bool, string, error) {
			files, err := s.files(ctx, syncFolder)
			_, there := files["shutdown"]
			return !there, "it is there", err
		})
}

// KillProcess implements [target.ProcessSaboteur].
func (b saboteur) KillProcess(ctx context.Context, name target.ServerName, process string, times int) (target.Evidence, error) {
	s := b.pair.server(name)
	first, err := s.pids(ctx, process)
	if err != nil {
		return target.Evidence{}, err
	}
	seen := first
	givenUpOn, err := s.givenUpOn(ctx)
	if err != nil {
		return target.Evidence{}, err
	}
	for range times {
		gone := false // the master process may have counted earlier deaths, and given up on it
		err := target.WaitUntil(ctx, realTime{}, 10*time.Second, process+" to be there to be killed", func(ctx context.Context) (bool, string, error) {
			now, err := s.pids(ctx, process)
			if err != nil || now != "" {
				seen = now
				return now != "", "", err
			}
			times, err := s.givenUpOn(ctx)
			gone = times > givenUpOn
			return gone, "there is none", err
		})
		if gone && err == nil {
			break
		}
		if err == nil {
			_, err = s.pair.engine.exec(ctx, s.id, "", "sh", "-c", killing, "killing", process, "KILL")
		}
		if err != nil {
			return target.Evidence{}, fmt.Errorf("killing %s on %s: %w", process, name, err)
		}
	}
	after := ""
	err = target.WaitUntil(ctx, realTime{}, 10*time.Second, process+" to be gone", func(ctx context.Context) (bool, string, error) {
		after, err = s.pids(ctx, process)
		return after != seen, after, err
	})
	if err != nil {
		return target.Evidence{}, fmt.Errorf("killing %s on %s: %w", process, name, err)
	}
	s.awaitObituary(ctx, seen)
	return target.Evidence{
		Summary: fmt.Sprintf("%s on %s was sent SIGKILL %d times", process, name, times),
		Facts:   []target.Fact{{What: fmt.Sprintf("pids of %s on %s", process, name), Before: first, After: after}},
	}, nil
}

// awaitObituary waits for the line in which the master process tells that processes have
// ended, which it logs a moment after they have. A master process that tells nothing, as
// of what is no child of its own, is not waited for long.
func (s *server) awaitObituary(ctx context.Context, pids string) {
	const within = 2 * time.Second
	_ = target.WaitUntil(ctx, realTime{}, within, "the master process of "+string(s.name)+" to tell of "+pids, func(ctx context.Context) (bool, string, error) {
		log, err := s.Host().Syslog(ctx)
		for pid := range strings.FieldsSeq(pids) {
			if !strings.Contains(string(log), " pid:"+pid+" ") {
				return false, "", err
			}
		}
		return true, "", err
	})
}

// givenUpOn returns how often the master process has given up on a process so far.
func (s *server) givenUpOn(ctx context.Context) (times int, err error) {
	log, err := s.Host().Syslog(ctx)
	return strings.Count(string(log), givenUp), err
}

// pids returns the ids of the server's processes of that name, in one line.
func (s *server) pids(ctx context.Context, process string) (string, error) {
	processes, err := s.Host().Processes(ctx)
	var pids []string
	for _, p := range processes {
		if p.Name == process {
			pids = append(pids, fmt.Sprint(p.PID))
		}
	}
	return strings.Join(slices.Sorted(slices.Values(pids)), " "), err
}

// RemoveSyncLog implements [target.LogSaboteur].
func (b saboteur) RemoveSyncLog(ctx context.Context, name target.ServerName) (target.Evidence, error) {
	s := b.pair.server(name)
	fail := func(err error) (target.Evidence, error) {
		return target.Evidence{}, fmt.Errorf("removing the sync log of %s: %w", name, err)
	}
	before, err := s.Host().SyncLog(ctx)
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
		Summary: fmt.Sprintf("the sync log of %s is gone", name),
		Facts: []target.Fact{{
			What: "entries in the sync log of " + string(name), Before: fmt.Sprint(before.Pending()), After: fmt.Sprint(after.Pending()),
		}},
	}, nil
}

// CutSyncLog implements [target.LogSaboteur].
func (b saboteur) CutSyncLog(ctx context.Context, name target.ServerName) (target.Evidence, error) {
	return b.pair.server(name).measured(ctx, "the sync log was cut off in its middle", "bytes of the sync log of "+string(name),
		`stat -c %s "$one"`, `truncate -s $(($(stat -c %s "$one") / 2)) "$one"`, syncFolder+"/log")
}

// AddLogLine implements [target.LogSaboteur]. sync_client may take the log at any moment,
// so that it is opened once, and measured as that file, whatever its name is by then.
func (b saboteur) AddLogLine(ctx context.Context, name target.ServerName, line string) (target.Evidence, error) {
	const (
		opened  = `log=/proc/$$/fd/3; [ -e $log ] || exec 3>>"$one"; chown cyrus:mail $log; stat -Lc %s $log`
		written = `echo "$two" >&3`
	)
	return b.pair.server(name).measured(ctx, fmt.Sprintf("the line %q was put into the sync log", line), "bytes of the sync log of "+string(name),
		opened, written, syncFolder+"/log", line)
}
