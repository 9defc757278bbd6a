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
	code, err := v.pair.compile(source)
	if err != nil {
		return "", fmt.Errorf("compiling a script on %s: %w", v.name, err)
	}
	return code.sha1, nil
}

// DataFiles implements [target.HostView]. A mailbox's directory is one line.
func (v hostView) DataFiles(ctx context.Context) (map[string]string, error) {
	if err := v.looks(ctx, "lists of the files on its disk"); err != nil {
		return nil, err
	}
	files := make(map[string]string, len(v.disk.folders.at)+2*len(v.disk.accounts))
	for id, f := range v.disk.folders.at {
		files[id] = f.describe()
	}
	for name, a := range v.disk.accounts {
		for script, code := range a.bytecode {
			files["sieve/"+name+"/"+script+".bc"] = code.sha1
		}
	}
	return files, nil
}

// description is what was last said of a mailbox's directory, and of what.
type description struct {
	of   described
	text string
}

// described is what changes with anything that lies in a mailbox's directory. Keywords
// are only ever added.
type described struct {
	state                                            indexState
	records, keywords, files                         int
	highestModSeq, deletedModSeq, fileBytes, fileSum uint64
	crc, uidValidity                                 uint32
	quotaRoot                                        string
}

// describe says of what lies in a mailbox's directory what changes with any of
// it.
func (f *folder) describe() string {
	x := &f.index
	now := described{
		state: x.state, records: len(x.records), keywords: len(f.keywords), files: len(f.files.at),
		highestModSeq: x.highestModSeq, deletedModSeq: x.deletedModSeq, fileBytes: f.files.bytes, fileSum: f.files.sum,
		crc: x.crc, uidValidity: x.uidValidity, quotaRoot: f.quotaRoot,
	}
	if f.described.text == "" || f.described.of != now {
		f.described = description{now, now.inWords(f.keywords)}
	}
	return f.described.text
}

func (d described) inWords(keywords []string) string {
	text := make([]byte, 0, 256)
	number := func(name string, value uint64) {
		text = strconv.AppendUint(append(text, name...), value, 10)
	}
	number("cyrus.index: state ", uint64(d.state))
	number(", records ", uint64(d.records))
	number(", HIGHESTMODSEQ ", d.highestModSeq)
	number(", SYNC_CRC ", uint64(d.crc))
	number(", UIDVALIDITY ", uint64(d.uidValidity))
	number(", deleted up to ", d.deletedModSeq)
	text = append(append(text, "; cyrus.header: "...), d.quotaRoot...)
	for _, keyword := range keywords {
		text = append(append(text, ' '), keyword...)
	}
	number("; message files: ", uint64(d.files))
	number(", bytes ", d.fileBytes)
	number(", of these UIDs, lengths and dates: ", d.fileSum)
	return string(text)
}
