package conform

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// landed turns an act of a saboteur into a step that fails where its evidence does
// not show any change.
func landed(evidence target.Evidence, err error) error {
	if err == nil && !evidence.Landed() {
		err = fmt.Errorf("it changed nothing: %s", evidence.Summary)
	}
	return sabotaged(evidence, err)
}

// hostActs are incidents of a server's machine, and of what is between the two.
var hostActs = map[Op]serverAct{
	CutOff: func(ctx context.Context, r *runner, step Step) error {
		s, err := as[target.NetworkSaboteur](r, "networks that can be cut")
		if err != nil {
			return err
		}
		return landed(s.Cut(ctx, r.name(step)))
	},
	Mend: func(ctx context.Context, r *runner, step Step) error {
		s, err := as[target.NetworkSaboteur](r, "networks that can be cut")
		if err != nil {
			return err
		}
		return landed(s.Mend(ctx, r.name(step)))
	},
	Slow: func(ctx context.Context, r *runner, step Step) error {
		s, err := as[target.NetworkSaboteur](r, "networks that can be slowed")
		if err != nil {
			return err
		}
		return landed(s.Delay(ctx, r.name(step), time.Duration(step.Count)*time.Millisecond))
	},
	Narrow: func(ctx context.Context, r *runner, step Step) error {
		s, err := as[target.NetworkSaboteur](r, "networks that can be slowed")
		if err != nil {
			return err
		}
		return landed(s.Throttle(ctx, r.name(step), step.Count))
	},
	Fill: func(ctx context.Context, r *runner, step Step) error {
		s, err := as[target.DiskSaboteur](r, "full disks")
		if err != nil {
			return err
		}
		return landed(s.Fill(ctx, r.name(step)))
	},
	Free: func(ctx context.Context, r *runner, step Step) error {
		s, err := as[target.DiskSaboteur](r, "full disks")
		if err != nil {
			return err
		}
		return landed(s.Free(ctx, r.name(step)))
	},
	Jump: func(ctx context.Context, r *runner, step Step) error {
		s, err := as[target.ClockSaboteur](r, "clocks that can be moved")
		if err != nil {
			return err
		}
		return landed(s.Jump(ctx, r.name(step), time.Duration(step.Count)*time.Hour))
	},
	KillSyncClient: func(ctx context.Context, r *runner, step Step) error {
		s, err := as[target.ProcessSaboteur](r, "processes that can be killed")
		if err != nil {
			return err
		}
		return landed(s.KillProcess(ctx, r.name(step), "sync_client", max(1, step.Count)))
	},
	RemoveLog: harm("sync logs that can be removed", func(ctx context.Context, s target.LogSaboteur, on target.ServerName, step Step) (target.Evidence, error) {
		return s.RemoveSyncLog(ctx, on)
	}),
	AddLogLine: harm("sync logs that can be changed", func(ctx context.Context, s target.LogSaboteur, on target.ServerName, step Step) (target.Evidence, error) {
		return s.AddLogLine(ctx, on, step.Text)
	}),
	CutLog: harm("sync logs that can be changed", func(ctx context.Context, s target.LogSaboteur, on target.ServerName, step Step) (target.Evidence, error) {
		return s.CutSyncLog(ctx, on)
	}),
	Protect: harm("disks that take no writes", func(ctx context.Context, s target.MountSaboteur, on target.ServerName, step Step) (target.Evidence, error) {
		return s.Protect(ctx, on)
	}),
	Unprotect: harm("disks that take no writes", func(ctx context.Context, s target.MountSaboteur, on target.ServerName, step Step) (target.Evidence, error) {
		return s.Unprotect(ctx, on)
	}),
	Garble: harm("ports that answer garbage", func(ctx context.Context, s target.PortSaboteur, on target.ServerName, step Step) (target.Evidence, error) {
		return s.Garble(ctx, on)
	}),
	Ungarble: harm("ports that answer garbage", func(ctx context.Context, s target.PortSaboteur, on target.ServerName, step Step) (target.Evidence, error) {
		return s.Ungarble(ctx, on)
	}),
	BackUp: func(ctx context.Context, r *runner, step Step) error {
		s, err := as[target.BackupSaboteur](r, "backups")
		if err != nil {
			return err
		}
		return operated(s.BackUp(ctx, r.name(step), step.Account, step.Mailbox))
	},
	PutBack: harm("backups", func(ctx context.Context, s target.BackupSaboteur, on target.ServerName, step Step) (target.Evidence, error) {
		return s.PutBack(ctx, on, step.Account, step.Mailbox)
	}),
	Pass: func(ctx context.Context, r *runner, step Step) error {
		return r.pair.Clock().Sleep(ctx, time.Duration(step.Count)*time.Second)
	},
}

// log is what waits in a server's sync log, file by file, each mailbox once. How
// often Cyrus notes a change, and as what, is its own.
func (r *runner) log(ctx context.Context, step Step) ([]string, error) {
	log, err := r.server(step).Host().SyncLog(ctx)
	if err != nil {
		return nil, err
	}
	facts := []string{fmt.Sprintf("log %v, log-run %v", len(log.Current.Entries) > 0, len(log.InWork.Entries) > 0)}
	for _, file := range []struct {
		name    string
		entries []string
	}{{"log", log.Current.Entries}, {"log-run", log.InWork.Entries}} {
		for _, line := range file.entries {
			line = strings.Replace(line, "APPEND ", "MAILBOX ", 1)
			facts = append(facts, fmt.Sprintf("in %s: %s", file.name, r.norm.logLine(line)))
		}
	}
	slices.Sort(facts)
	return slices.Compact(facts), nil
}
