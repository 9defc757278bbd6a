package score

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// dataFiles returns both servers' files of mail, indexes and scripts, if anybody asked
// for looks to be looked at; nil for a server of which they cannot be had.
func (r *runner) dataFiles(ctx context.Context, pair target.Pair) map[target.ServerName]map[string]string {
	if !r.untouched {
		return nil
	}
	files := map[target.ServerName]map[string]string{}
	for _, server := range pair.Servers() {
		if found, err := server.Host().DataFiles(ctx); err == nil {
			files[server.Name()] = found
		}
	}
	return files
}

// touched says which file is not what it was before a look: the first one; empty where
// none is.
func touched(before, after map[target.ServerName]map[string]string) string {
	for _, server := range slices.Sorted(maps.Keys(before)) {
		was, is := before[server], after[server]
		if is == nil {
			return fmt.Sprintf("the data of %s could be read before, and not after", server)
		}
		paths := maps.Clone(was)
		maps.Copy(paths, is)
		for _, path := range slices.Sorted(maps.Keys(paths)) {
			if was[path] != is[path] {
				return fmt.Sprintf("%s on %s was %q and is %q", path, server, was[path], is[path])
			}
		}
	}
	return ""
}
