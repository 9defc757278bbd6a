package field

import (
	"context"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// noHost is the host view of a server whose machine nobody may look at.
type noHost struct{ name target.ServerName }

var _ target.HostView = noHost{}

func (h noHost) err() error {
	return &target.UnsupportedError{Target: string(h.name), What: "view of its machine", Why: "its configuration has no host"}
}

// SyncLog implements [target.HostView].
func (h noHost) SyncLog(context.Context) (target.SyncLog, error) { return target.SyncLog{}, h.err() }

// Processes implements [target.HostView].
func (h noHost) Processes(context.Context) ([]target.Process, error) { return nil, h.err() }

// Syslog implements [target.HostView].
func (h noHost) Syslog(context.Context) ([]byte, error) { return nil, h.err() }

// CompiledScripts implements [target.HostView].
func (h noHost) CompiledScripts(context.Context, string) ([]target.CompiledScript, error) {
	return nil, h.err()
}

// CompileScript implements [target.HostView].
func (h noHost) CompileScript(context.Context, []byte) (string, error) { return "", h.err() }

// Files implements [target.HostView].
func (h noHost) Files(context.Context, string) ([]target.MailboxFiles, error) { return nil, h.err() }

// Databases implements [target.HostView].
func (h noHost) Databases(context.Context, []string) ([]target.Database, error) { return nil, h.err() }

// Machine implements [target.HostView].
func (h noHost) Machine(context.Context) (target.Machine, error) { return target.Machine{}, h.err() }

// DataFiles implements [target.HostView].
func (h noHost) DataFiles(context.Context) (map[string]string, error) { return nil, h.err() }
