package cyrus

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/moby/moby/client"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// syncFolder is where Cyrus keeps its log of changes for replication.
const syncFolder = "/var/lib/cyrus/sync"

// hostView looks at a server's machine through the engine, whether Cyrus runs
// on it or not.
type hostView struct{ *server }

// SyncLog implements [target.HostView].
func (v hostView) SyncLog(ctx context.Context) (target.SyncLog, error) {
	files, err := v.files(ctx, syncFolder)
	if err != nil {
		return target.SyncLog{}, fmt.Errorf("reading the sync log of %s: %w", v.name, err)
	}
	return target.SyncLog{Current: logFile(files["log"]), InWork: logFile(files["log-run"])}, nil
}

func logFile(f file) target.LogFile {
	if f.path == "" {
		return target.LogFile{}
	}
	log := target.LogFile{Bytes: int64(len(f.content)), Modified: f.modified}
	for line := range strings.Lines(string(f.content)) {
		if line = strings.TrimRight(line, "\n"); line != "" {
			log.Entries = append(log.Entries, line)
		}
	}
	return log
}

// cyrusProcesses are the programs of Cyrus that a server runs.
var cyrusProcesses = []string{"master", "imapd", "lmtpd", "timsieved", "sync_server", "sync_client"}

// Processes implements [target.HostView]. Those of a paused server are all
// stopped, and have the pids that the engine's machine knows them by.
func (v hostView) Processes(ctx context.Context) ([]target.Process, error) {
	found, err := v.pair.engine.inspect(ctx, v.id)
	if err != nil {
		return nil, fmt.Errorf("looking at %s: %w", v.name, err)
	}
	if !found.State.Running {
		return nil, nil
	}
	if found.State.Paused {
		return v.frozenProcesses(ctx)
	}
	stats, err := v.stats(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing the processes of %s: %w", v.name, err)
	}
	return parseStats(stats), nil
}

// parseStats reads lines of /proc/PID/stat, "PID (NAME) STATE …" (proc(5)), and
// returns Cyrus's processes, sorted by name and pid.
func parseStats(stats []byte) []target.Process {
	var processes []target.Process
	for line := range bytes.Lines(stats) {
		open, end := bytes.IndexByte(line, '('), bytes.LastIndexByte(line, ')')
		if open < 1 || end < open || len(line) < end+3 {
			continue
		}
		pid, err := strconv.Atoi(string(bytes.TrimSpace(line[:open])))
		name := string(line[open+1 : end])
		if err != nil || !slices.Contains(cyrusProcesses, name) {
			continue
		}
		processes = append(processes, target.Process{PID: pid, Name: name, State: processState(line[end+2])})
	}
	slices.SortFunc(processes, byNameAndPID)
	return processes
}

func byNameAndPID(a, b target.Process) int {
	return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.PID, b.PID))
}

func processState(letter byte) target.ProcessState {
	switch letter {
	case 'T', 't':
		return target.ProcessStopped
	case 'Z', 'X':
		return target.ProcessZombie
	default:
		return target.ProcessRunning
	}
}

// Syslog implements [target.HostView].
func (v hostView) Syslog(ctx context.Context) ([]byte, error) {
	v.mu.Lock()
	since := v.logSince
	v.mu.Unlock()
	text, err := v.pair.engine.logs(ctx, v.id, client.ContainerLogsOptions{
		ShowStdout: true, ShowStderr: true, Since: since.UTC().Format(time.RFC3339Nano),
	})
	if err != nil {
		return nil, fmt.Errorf("reading the syslog of %s: %w", v.name, err)
	}
	return ofThisLife(text), nil
}

// ofThisLife leaves out what processes of an earlier life logged while a reset ended
// them: all that stands before the line with which syslogd begins.
func ofThisLife(log []byte) []byte {
	begins := bytes.Index(log, []byte("syslogd started"))
	if begins < 0 {
		return log
	}
	return log[bytes.LastIndexByte(log[:begins], '\n')+1:]
}
