package sim

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

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
	seen := make([]target.Process, len(v.processes))
	for i, p := range v.processes {
		seen[i] = target.Process{PID: p.pid, Name: p.name, State: p.state}
	}
	return seen, nil
}

// Syslog implements [target.HostView].
func (v hostView) Syslog(ctx context.Context) ([]byte, error) {
	if err := v.pair.takes(ctx, execTime); err != nil {
		return nil, err
	}
	return slices.Clip(v.syslog), nil
}

// CompiledScripts implements [target.HostView].
func (v hostView) CompiledScripts(ctx context.Context, account string) ([]target.CompiledScript, error) {
	if err := v.pair.takes(ctx, execTime); err != nil {
		return nil, err
	}
	a, ok := v.disk.accounts[account]
	if !ok {
		return nil, nil
	}
	var scripts []target.CompiledScript
	for _, name := range names(a.bytecode) {
		code := a.bytecode[name]
		scripts = append(scripts, target.CompiledScript{
			Name: name, SHA1: code.sha1, Modified: time.Unix(code.modified, 0).UTC(), Active: a.defaultScript == name,
		})
	}
	return scripts, nil
}

// CompileScript implements [target.HostView].
func (v hostView) CompileScript(ctx context.Context, source []byte) (string, error) {
	if err := v.pair.takes(ctx, execTime); err != nil {
		return "", err
	}
	code, _, err := v.pair.compile(source)
	if err != nil {
		return "", fmt.Errorf("compiling a script on %s: %w", v.name, err)
	}
	return code.sha1, nil
}

// DataFiles implements [target.HostView].
func (v hostView) DataFiles(ctx context.Context) (map[string]string, error) {
	if !v.up() || v.hung() {
		return nil, &target.UnsupportedError{Target: "a server that is down", What: "lists of the files on its disk"}
	}
	if err := v.pair.takes(ctx, execTime); err != nil {
		return nil, err
	}
	files := map[string]string{}
	for id, f := range v.disk.folders {
		x := &f.index
		files[id+"/cyrus.index"] = fmt.Sprintf("%d %d %d %d %d %d", x.state, len(x.records), x.highestModSeq, x.crc, x.uidValidity, x.deletedModSeq)
		files[id+"/cyrus.header"] = fmt.Sprint(f.quotaRoot, f.keywords)
		for uid, message := range f.files {
			files[id+"/"+strconv.Itoa(int(uid))+"."] = strconv.Itoa(len(message.body))
		}
	}
	for name, a := range v.disk.accounts {
		for script, code := range a.bytecode {
			files["sieve/"+name+"/"+script+".bc"] = code.sha1
		}
	}
	return files, nil
}
