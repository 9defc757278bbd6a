package sim

import (
	"context"
	"fmt"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// hostView is what an administrator sees on the machine, which is there also
// while Cyrus on it is dead.
type hostView struct{ *server }

// SyncLog implements [target.HostView].
func (v hostView) SyncLog(ctx context.Context) (target.SyncLog, error) {
	if err := v.pair.takes(ctx, execTime); err != nil {
		return target.SyncLog{}, err
	}
	return target.SyncLog{Current: v.disk.log.view(), InWork: v.disk.run.view()}, nil
}

// Processes implements [target.HostView].
func (v hostView) Processes(ctx context.Context) ([]target.Process, error) {
	if err := v.pair.takes(ctx, execTime); err != nil {
		return nil, err
	}
	var seen []target.Process
	for _, p := range v.processes {
		seen = append(seen, target.Process{PID: p.pid, Name: p.name, State: p.state})
	}
	return seen, nil
}

// Syslog implements [target.HostView].
func (v hostView) Syslog(ctx context.Context) ([]byte, error) {
	if err := v.pair.takes(ctx, execTime); err != nil {
		return nil, err
	}
	return slices.Clone(v.log), nil
}

// CompiledScripts implements [target.HostView].
func (hostView) CompiledScripts(context.Context, string) ([]target.CompiledScript, error) {
	return nil, notYet("compiled scripts")
}

// CompileScript implements [target.HostView].
func (hostView) CompileScript(context.Context, []byte) (string, error) {
	return "", notYet("sievec")
}

// DataFiles implements [target.HostView].
func (v hostView) DataFiles(ctx context.Context) (map[string]string, error) {
	if err := v.pair.takes(ctx, execTime); err != nil {
		return nil, err
	}
	files := map[string]string{}
	for b, mailbox := range v.disk.mailboxes {
		files[fmt.Sprintf("%s: index of %s", b.account, b.mailbox)] = fmt.Sprintf("%+v", *mailbox)
	}
	for guid := range v.disk.spool {
		files["message "+guid] = "there"
	}
	return files, nil
}
