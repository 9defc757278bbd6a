package cyrus

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/moby/moby/client"

	"github.com/cyrdrill/cyrdrill/harness/hostview"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// layout is where Cyrus has what in a container.
var layout = hostview.Debian()

// syncFolder is where Cyrus keeps its log of changes for replication.
var syncFolder = layout.SyncFolder()

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
	return hostview.LogFile(f.content, f.modified)
}

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
	return hostview.ParseProcesses(stats), nil
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
