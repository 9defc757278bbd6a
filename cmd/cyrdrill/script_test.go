package main

import (
	"os"
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
			scenario, err := os.ReadFile("../../scenarios/unreplicated-mail.yaml")
			if err != nil {
				return err
			}
			return os.WriteFile(env.WorkDir+"/unreplicated-mail.yaml", scenario, 0o644)
		},
	})
}
