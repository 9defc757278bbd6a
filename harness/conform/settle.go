package conform

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

const (
	// settleWithin bounds how long replication may take to come to rest.
	settleWithin = 45 * time.Second
	// stuckAfter is how long the batch in work has to stay the same before
	// replication counts as stuck: each retry takes a fraction of it.
	stuckAfter = 3 * time.Second
	// absentFor is longer than the master process takes to start sync_client again.
	absentFor = 500 * time.Millisecond
)

// rest is how replication has come to rest.
type rest string

const (
	drained rest = "drained" // nothing waits
	idle    rest = "stopped" // no sync_client runs, or it is stopped, or its peer is
	stuck   rest = "stuck"   // the same batch is tried again and again
)

// settle waits until replication rests, and returns how it does, and the state of
// both servers.
func (r *runner) settle(ctx context.Context, bodies bool) (string, []string, error) {
	state, err := r.untilRest(ctx)
	if err != nil {
		return "", nil, err
	}
	var facts []string
	for _, server := range r.pair.Servers() {
		facts = append(facts, fmt.Sprintf("%s is %s", server.Name(), r.pair.Role(server.Name())))
	}
	if state != drained {
		lines, err := r.logLines(ctx)
		if err != nil {
			return "", nil, err
		}
		facts = append(facts, lines...)
	}
	told, err := r.states(ctx, bodies)
	return string(state), append(facts, told...), err
}

// untilRest polls the master's sync log.
func (r *runner) untilRest(ctx context.Context) (rest, error) {
	var state rest
	var last string
	empty := 0
	since := r.pair.Clock().Now()
	err := target.WaitUntil(ctx, r.pair.Clock(), settleWithin, "replication to come to rest", func(ctx context.Context) (bool, string, error) {
		log, err := r.pair.Serving().Host().SyncLog(ctx)
		if err != nil {
			return false, "", err
		}
		if log.Pending() == 0 {
			// Twice: a look that meets the moment in which log becomes log-run sees
			// neither.
			state = drained
			empty++
			return empty == 2, "", nil
		}
		empty = 0
		resting, err := r.resting(ctx)
		if err != nil || resting {
			state = idle
			return resting, "", err
		}
		now := r.pair.Clock().Now()
		if seen := strings.Join(log.InWork.Entries, "\n"); seen == "" || seen != last {
			last, since = seen, now
		}
		state = stuck
		return now.Sub(since) > stuckAfter, fmt.Sprintf("%d entries", log.Pending()), nil
	})
	return state, err
}

// resting says whether nobody is at work on the log.
func (r *runner) resting(ctx context.Context) (bool, error) {
	master := r.pair.Serving()
	ours, err := master.Host().Processes(ctx)
	if err != nil {
		return false, err
	}
	theirs, err := r.pair.Server(master.Name().Other()).Host().Processes(ctx)
	if err != nil {
		return false, err
	}
	switch {
	case hasSyncClient(ours, target.ProcessRunning):
		return !target.Alive(theirs), nil
	case !target.Alive(theirs), !target.Alive(ours), r.pair.Role(master.Name().Other()) != target.RoleReplica,
		hasSyncClient(ours, target.ProcessStopped):
		return true, nil
	}
	log, err := master.Host().Syslog(ctx)
	if err != nil || !strings.Contains(string(log), "disabling until next SIGHUP") {
		return false, err
	}
	// That may have been before a SIGHUP, and the process about to be started again.
	if err := r.pair.Clock().Sleep(ctx, absentFor); err != nil {
		return false, err
	}
	ours, err = master.Host().Processes(ctx)
	return err == nil && !hasSyncClient(ours, target.ProcessRunning), err
}

func hasSyncClient(processes []target.Process, state target.ProcessState) bool {
	return slices.ContainsFunc(processes, func(p target.Process) bool { return p.Name == "sync_client" && p.State == state })
}

// logLines returns what waits in the sync log, each line once, in order.
func (r *runner) logLines(ctx context.Context) ([]string, error) {
	log, err := r.pair.Serving().Host().SyncLog(ctx)
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, line := range slices.Concat(log.InWork.Entries, log.Current.Entries) {
		lines = append(lines, "waits: "+r.norm.logLine(line))
	}
	slices.Sort(lines)
	return slices.Compact(lines), nil
}
