package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/plan"
)

type versionCommand struct{}

// Run implements the command.
func (versionCommand) Run(a *app) error {
	_, err := fmt.Fprintf(a.out, "cyrdrill %s (%s, %s/%s)\nplans: %s, results: %s\n",
		version(), runtime.Version(), runtime.GOOS, runtime.GOARCH, plan.APIVersion, drill.ResultVersion)
	return err
}

// version is what the Go tool knows of the build: a release's tag, or the
// commit that it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "of an unknown build"
	}
	commit, modified := "", ""
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			commit = fmt.Sprintf(" at %.12s", s.Value)
		case "vcs.modified":
			if s.Value == "true" {
				modified = ", with changes"
			}
		}
	}
	return info.Main.Version + commit + modified
}
