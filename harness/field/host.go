package field

import (
	"context"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"sync"

	"github.com/cyrdrill/cyrdrill/harness/hostview"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// host looks at a server's machine by commands that are run there as Cyrus's user.
type host struct {
	name     target.ServerName
	paths    Paths
	shell    shell
	compiled sync.Map // scripts' sources → SHA-1 of what sievec made of them

	mu    sync.Mutex
	found *machine // nil: not looked for yet
}

var _ target.HostView = (*host)(nil)

func newHost(config ServerConfig) *host {
	return &host{name: config.Name, paths: config.Paths, shell: shell{config.Host}}
}

// look finds out what is where on the machine, once, and runs a command there.
func (h *host) look(ctx context.Context, what string, command func(*machine) ([]string, error)) ([]byte, error) {
	m, err := h.machine(ctx)
	var words []string
	if err == nil {
		words, err = command(m)
	}
	var said []byte
	if err == nil {
		said, err = h.shell.exec(ctx, words)
	}
	if err != nil {
		return nil, h.failed(what, err)
	}
	return said, nil
}

func (h *host) failed(what string, err error) error {
	return fmt.Errorf("%s on the machine of %s: %w", what, h.name, err)
}

// SyncLog implements [target.HostView]. The logs of several channels are taken together.
func (h *host) SyncLog(ctx context.Context) (target.SyncLog, error) {
	channels, err := h.channels(ctx)
	return allOf(channels), err
}

// channels reads the sync log of each channel.
func (h *host) channels(ctx context.Context) ([]Channel, error) {
	const what = "reading the sync log"
	var names []string
	said, err := h.look(ctx, what, func(m *machine) ([]string, error) {
		names = m.channelNames()
		return append([]string{"sh", "-c", syncLogScript, "sync-log"}, m.syncFolders()...), nil
	})
	if err != nil {
		return nil, err
	}
	channels, err := parseSyncLog(names, said)
	if err != nil {
		return nil, h.failed(what, err)
	}
	return channels, nil
}

// Processes implements [target.HostView].
func (h *host) Processes(ctx context.Context) ([]target.Process, error) {
	said, err := h.shell.exec(ctx, hostview.OwnProcessesCommand())
	if err != nil {
		return nil, h.failed("listing the processes", err)
	}
	return hostview.ParseProcesses(said), nil
}

// Syslog implements [target.HostView]. It returns what the file has, from its beginning.
func (h *host) Syslog(ctx context.Context) ([]byte, error) {
	if h.paths.Syslog == "" {
		return nil, h.noSyslog()
	}
	said, err := h.shell.exec(ctx, []string{"cat", h.paths.Syslog})
	if err != nil {
		return nil, h.failed("reading the log", err)
	}
	return said, nil
}

// CompiledScripts implements [target.HostView].
func (h *host) CompiledScripts(ctx context.Context, account string) ([]target.CompiledScript, error) {
	said, err := h.look(ctx, "listing the bytecode of "+account, func(m *machine) ([]string, error) {
		return m.layout.CompiledCommand(account), nil
	})
	if err != nil {
		return nil, err
	}
	return hostview.ParseCompiled(said), nil
}

// CompileScript implements [target.HostView].
func (h *host) CompileScript(ctx context.Context, source []byte) (string, error) {
	if known, ok := h.compiled.Load(string(source)); ok {
		return known.(string), nil
	}
	m, err := h.machine(ctx)
	if err != nil {
		return "", h.failed("compiling a script", err)
	}
	command := m.layout.CompileCommand("") // the file is the last word
	bytecode, err := h.shell.run(ctx, "file=$(mktemp) && base64 -d >\"$file\" <<'.' || exit 1\n"+base64.StdEncoding.EncodeToString(source)+"\n.\nexec "+
		quoteAll(command[:len(command)-1])+" \"$file\" </dev/null\n")
	if err != nil {
		return "", h.failed("compiling a script", err)
	}
	sum := sha1.Sum(bytecode)
	h.compiled.Store(string(source), hex.EncodeToString(sum[:]))
	return hex.EncodeToString(sum[:]), nil
}

// Files implements [target.HostView].
func (h *host) Files(ctx context.Context, account string) ([]target.MailboxFiles, error) {
	what := "listing the message files of " + account
	said, err := h.look(ctx, what, func(m *machine) ([]string, error) { return m.layout.FilesCommand(account), m.filesKnown() })
	if err != nil {
		return nil, err
	}
	files, err := hostview.ParseFiles(account, said)
	if err != nil {
		return nil, h.failed(what, err)
	}
	return files, nil
}

// Databases implements [target.HostView].
func (h *host) Databases(ctx context.Context, accounts []string) ([]target.Database, error) {
	const what = "looking at the databases"
	said, err := h.look(ctx, what, func(m *machine) ([]string, error) { return m.layout.DatabasesCommand(accounts), m.filesKnown() })
	if err != nil {
		return nil, err
	}
	found, err := hostview.ParseDatabases(accounts, said)
	if err != nil {
		return nil, h.failed(what, err)
	}
	return found, nil
}

// Machine implements [target.HostView].
func (h *host) Machine(ctx context.Context) (target.Machine, error) {
	const what = "looking at clock and disk"
	said, err := h.look(ctx, what, func(m *machine) ([]string, error) { return m.layout.MachineCommand(), nil })
	if err != nil {
		return target.Machine{}, err
	}
	seen, err := hostview.ParseMachine(said)
	if err != nil {
		return target.Machine{}, h.failed(what, err)
	}
	return seen, nil
}

// DataFiles implements [target.HostView].
func (h *host) DataFiles(ctx context.Context) (map[string]string, error) {
	said, err := h.look(ctx, "listing the data", func(m *machine) ([]string, error) { return m.layout.DataFilesCommand(), nil })
	if err != nil {
		return nil, err
	}
	return hostview.ParseDataFiles(said), nil
}
