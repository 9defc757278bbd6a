package cyrus

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// CompiledScripts implements [target.HostView].
func (v hostView) CompiledScripts(ctx context.Context, account string) ([]target.CompiledScript, error) {
	const listing = `folder=$(cyrus mbpath -a "user/$1" | sed -n 's/^Sieve: //p') && [ -n "$folder" ] || exit 1
		[ ! -d "$folder" ] || { cd "$folder" && readlink defaultbc; for f in *.bc; do [ ! -f "$f" ] || sha1sum "$f"; done; }; true`
	said, err := v.pair.engine.exec(ctx, v.id, "cyrus", "sh", "-c", listing, "listing", account)
	if err != nil {
		return nil, fmt.Errorf("listing the bytecode of %s on %s: %w", account, v.name, err)
	}
	return parseBytecode(string(said)), nil
}

// parseBytecode reads the name that defaultbc points to, where there is one, and
// lines of sha1sum.
func parseBytecode(said string) []target.CompiledScript {
	var scripts []target.CompiledScript
	active := ""
	for line := range strings.Lines(said) {
		sum, name, found := strings.Cut(strings.TrimSpace(line), "  ")
		if !found {
			active = sum
			continue
		}
		scripts = append(scripts, target.CompiledScript{Name: strings.TrimSuffix(name, ".bc"), SHA1: sum, Active: name == active})
	}
	slices.SortFunc(scripts, func(a, b target.CompiledScript) int { return strings.Compare(a.Name, b.Name) })
	return scripts
}

// CompileScript implements [target.HostView].
func (v hostView) CompileScript(ctx context.Context, source []byte) (string, error) {
	bytecode, err := v.compile(ctx, source)
	if err != nil {
		return "", fmt.Errorf("compiling a script on %s: %w", v.name, err)
	}
	return digest(bytecode), nil
}

// emptyTwoskip is how large an empty twoskip database is: its header, and the
// dummy that its list begins with.
const emptyTwoskip = 64 + 272

// DataFiles implements [target.HostView]. Left out is what Cyrus writes when it
// is only read from: caches of status, databases' checkpoints, and the database
// of messages' annotations, which it makes, empty, when it first looks for some.
func (v hostView) DataFiles(ctx context.Context) (map[string]string, error) {
	if err := v.looks(ctx, "lists of the files on its disk"); err != nil {
		return nil, err
	}
	listed, err := v.pair.engine.exec(ctx, v.id, "", "find", "/var/spool/cyrus/mail", "/var/spool/sieve", "-ignore_readdir_race",
		"-type", "f", "!", "(", "-name", "cyrus.annotations", "-size", fmt.Sprintf("%dc", emptyTwoskip), ")", "-printf", `%p\t%s bytes, written %T@, changed %C@\n`)
	if err != nil {
		return nil, fmt.Errorf("listing the data of %s: %w", v.name, err)
	}
	files := map[string]string{}
	for line := range strings.Lines(string(listed)) {
		path, state, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		files[path] = state
	}
	return files, nil
}
