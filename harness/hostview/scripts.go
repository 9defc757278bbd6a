package hostview

import (
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// ParseCompiled reads what [Layout.CompiledCommand] says: the name that defaultbc points to, where there is one, and
// lines of sha1sum.
func ParseCompiled(said []byte) []target.CompiledScript {
	var scripts []target.CompiledScript
	active := ""
	for line := range strings.Lines(string(said)) {
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

// ParseDataFiles reads what [Layout.DataFilesCommand] says.
func ParseDataFiles(said []byte) map[string]string {
	files := map[string]string{}
	for line := range strings.Lines(string(said)) {
		path, state, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		files[path] = state
	}
	return files
}
