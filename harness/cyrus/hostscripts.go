package cyrus

import (
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/hostview"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// CompiledScripts implements [target.HostView].
func (v hostView) CompiledScripts(ctx context.Context, account string) ([]target.CompiledScript, error) {
	said, err := v.pair.engine.exec(ctx, v.id, "cyrus", layout.CompiledCommand(account)...)
	if err != nil {
		return nil, fmt.Errorf("listing the bytecode of %s on %s: %w", account, v.name, err)
	}
	return hostview.ParseCompiled(said), nil
}

// CompileScript implements [target.HostView].
func (v hostView) CompileScript(ctx context.Context, source []byte) (string, error) {
	bytecode, err := v.compile(ctx, source)
	if err != nil {
		return "", fmt.Errorf("compiling a script on %s: %w", v.name, err)
	}
	return digest(bytecode), nil
}

// DataFiles implements [target.HostView].
func (v hostView) DataFiles(ctx context.Context) (map[string]string, error) {
	if err := v.looks(ctx, "lists of the files on its disk"); err != nil {
		return nil, err
	}
	listed, err := v.pair.engine.exec(ctx, v.id, "", layout.DataFilesCommand()...)
	if err != nil {
		return nil, fmt.Errorf("listing the data of %s: %w", v.name, err)
	}
	return hostview.ParseDataFiles(listed), nil
}
