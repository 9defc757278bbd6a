package main

import (
	"os"
	"path"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"cyrdrill": main})
}

// TestScript runs testdata/script/*.txtar, which read as documentation of the
// command line. None of them needs Docker.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			// No engine answers there, whatever this machine has.
			env.Setenv("DOCKER_HOST", "unix://"+env.WorkDir+"/no-engine.sock")
			for _, name := range []string{"unreplicated-mail", "regress/scripts-before-inbox"} {
				scenario, err := os.ReadFile("../../scenarios/" + name + ".yaml")
				if err != nil {
					return err
				}
				if err := os.WriteFile(env.WorkDir+"/"+path.Base(name)+".yaml", scenario, 0o644); err != nil {
					return err
				}
			}
			return nil
		},
	})
}
