// Package scenarios holds the plans that come with cyrdrill: one file for each
// incident, under its name. They are ordinary plans, and the first place to
// look for how one is written.
//
//	go test ./scenarios
//	cyrdrill run unreplicated-mail
package scenarios

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/document"
)

//go:embed *.yaml regress/*.yaml
var files embed.FS

const extension = ".yaml"

// Names returns the scenarios' names, sorted.
func Names() []string { return named("*" + extension) }

// regressions is the folder of the plans that once found something.
const regressions = "regress"

// Regressions returns the names of the plans that once found something, sorted: each says
// what, and when. No scenario has such a name.
func Regressions() []string { return named(regressions + "/*" + extension) }

func named(pattern string) []string {
	found, err := fs.Glob(files, pattern)
	if err != nil {
		panic(fmt.Sprintf("scenarios: %v", err)) // only a malformed pattern does that
	}
	names := make([]string, len(found))
	for i, file := range found {
		names[i] = strings.TrimSuffix(path.Base(file), extension)
	}
	return names
}

// File returns the name of a plan's file, for messages and results.
func File(name string) string {
	if slices.Contains(Regressions(), name) {
		return regressions + "/" + name + extension
	}
	return name + extension
}

// Text returns the plan of a scenario or a regression as it was written, or an
// [UnknownError].
func Text(name string) ([]byte, error) {
	known := slices.Concat(Names(), Regressions())
	if slices.Contains(known, name) {
		return files.ReadFile(File(name))
	}
	return nil, &UnknownError{Name: name, Known: known}
}

// UnknownError says that there is no scenario of that name.
type UnknownError struct {
	Name  string
	Known []string
}

func (e *UnknownError) Error() string {
	if near, ok := document.Nearest(e.Name, e.Known); ok {
		return fmt.Sprintf("unknown scenario %q; did you mean %q?", e.Name, near)
	}
	return fmt.Sprintf("unknown scenario %q; known: %s", e.Name, strings.Join(e.Known, ", "))
}
