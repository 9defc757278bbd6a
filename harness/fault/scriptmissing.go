package fault

import (
	"context"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// ScriptMissing removes the file that holds the source of chosen scripts: they are
// listed, and cannot be read.
type ScriptMissing struct{}

// Name implements [Fault].
func (ScriptMissing) Name() string { return "script-missing" }

// Doc implements [Fault].
func (ScriptMissing) Doc() string {
	return "the file of some users' sieve scripts is gone: they are listed and run, and cannot be read"
}

// Effects implements [Fault].
func (ScriptMissing) Effects() Effects { return Effects{Breaks: Script, HurtsScripts: true} }

// Inject implements [Fault].
func (ScriptMissing) Inject(ctx context.Context, scene Scene) (Instance, error) {
	return strike(ctx, scene, "scripts that can be removed", scene.Scripts,
		func(ctx context.Context, hand target.SourceSaboteur, c ChosenScript) (target.Evidence, part, error) {
			evidence, err := hand.RemoveSource(ctx, scene.On, c.Account, c.Script)
			return evidence, onScript(scene, c, func(ctx context.Context, server target.Server) (bool, error) {
				_, there, err := shownSource(ctx, server, c)
				return !there, err
			}, target.ScriptStale, "the file that holds it is gone"), err
		})
}

// ScriptEmpty leaves nothing but blanks of chosen scripts, and compiles that: a
// script that does nothing.
type ScriptEmpty struct{}

// Name implements [Fault].
func (ScriptEmpty) Name() string { return "script-empty" }

// Doc implements [Fault].
func (ScriptEmpty) Doc() string {
	return "nothing but blanks is left of some users' sieve scripts: no mail is filed any more, and replication sees no difference"
}

// Effects implements [Fault].
func (ScriptEmpty) Effects() Effects { return Effects{Breaks: Script, HurtsScripts: true} }

// Inject implements [Fault].
func (ScriptEmpty) Inject(ctx context.Context, scene Scene) (Instance, error) {
	return replaceSources(ctx, scene, "nothing but blanks is left of it", func(ChosenScript) []byte { return nil })
}
