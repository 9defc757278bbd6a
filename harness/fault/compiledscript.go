package fault

import (
	"context"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// CompiledScriptStale puts other bytecode in the place of chosen scripts': the
// script that is shown is no longer the one that runs.
type CompiledScriptStale struct{}

// Name implements [Fault].
func (CompiledScriptStale) Name() string { return "compiled-script-stale" }

// Doc implements [Fault].
func (CompiledScriptStale) Doc() string {
	return "some users' sieve bytecode is overwritten with an older script's: the script that is shown is not the one that runs"
}

// Effects implements [Fault].
func (CompiledScriptStale) Effects() Effects { return Effects{Breaks: Script, HurtsScripts: true} }

// Inject implements [Fault].
func (CompiledScriptStale) Inject(ctx context.Context, scene Scene) (Instance, error) {
	instance, err := strike(ctx, scene, "bytecode that can be replaced", scene.Scripts,
		func(ctx context.Context, hand target.ScriptSaboteur, c ChosenScript) (target.Evidence, part, error) {
			evidence, err := hand.ReplaceCompiled(ctx, scene.On, c.Account, c.Script, c.Source)
			return evidence, onScript(scene, c, runsStale(c), target.CompiledScriptStale, "an older script's bytecode took its place"), err
		})
	return summed(instance, err, replacedBy(scene, "older ones"))
}

// CompiledScriptOlder does the same, and dates the bytecode before its source: the
// next delivery compiles the script anew.
type CompiledScriptOlder struct{}

// Name implements [Fault].
func (CompiledScriptOlder) Name() string { return "compiled-script-older" }

// Doc implements [Fault].
func (CompiledScriptOlder) Doc() string {
	return "some users' sieve bytecode is an older script's, and dated before the source: the next delivery compiles it anew"
}

// Effects implements [Fault].
func (CompiledScriptOlder) Effects() Effects { return Effects{Breaks: Script, HurtsScripts: true} }

// Inject implements [Fault].
func (CompiledScriptOlder) Inject(ctx context.Context, scene Scene) (Instance, error) {
	return strike(ctx, scene, "bytecode that can be replaced", scene.Scripts,
		func(ctx context.Context, hand target.BytecodeSaboteur, c ChosenScript) (target.Evidence, part, error) {
			evidence, err := hand.AgeCompiled(ctx, scene.On, c.Account, c.Script, c.Source)
			return evidence, onScript(scene, c, runsStale(c), target.CompiledScriptStale, "older bytecode took its place"), err
		})
}

// CompiledScriptMissing removes the bytecode of chosen scripts: the next delivery
// compiles the script anew.
type CompiledScriptMissing struct{}

// Name implements [Fault].
func (CompiledScriptMissing) Name() string { return "compiled-script-missing" }

// Doc implements [Fault].
func (CompiledScriptMissing) Doc() string {
	return "some users' sieve bytecode is gone: the next delivery compiles the script anew"
}

// Effects implements [Fault].
func (CompiledScriptMissing) Effects() Effects { return Effects{Breaks: Script, HurtsScripts: true} }

// Inject implements [Fault].
func (CompiledScriptMissing) Inject(ctx context.Context, scene Scene) (Instance, error) {
	return strike(ctx, scene, "bytecode that can be removed", scene.Scripts,
		func(ctx context.Context, hand target.BytecodeSaboteur, c ChosenScript) (target.Evidence, part, error) {
			evidence, err := hand.RemoveCompiled(ctx, scene.On, c.Account, c.Script)
			return evidence, onScript(scene, c, func(ctx context.Context, server target.Server) (bool, error) {
				compiled, err := server.Host().CompiledScripts(ctx, c.Account)
				return !slices.ContainsFunc(compiled, func(s target.CompiledScript) bool { return s.Name == c.Script }), err
			}, target.CompiledScriptMissing, "its bytecode is gone"), err
		})
}

// ActiveLinkMissing removes the link to the bytecode that runs: no script does, and
// the active one is called so as ever.
type ActiveLinkMissing struct{}

// Name implements [Fault].
func (ActiveLinkMissing) Name() string { return "active-link-missing" }

// Doc implements [Fault].
func (ActiveLinkMissing) Doc() string {
	return "the link to some users' sieve bytecode is gone: no script runs, and the active one is called so as ever"
}

// Effects implements [Fault].
func (ActiveLinkMissing) Effects() Effects { return Effects{Breaks: Script, HurtsScripts: true} }

// Inject implements [Fault].
func (ActiveLinkMissing) Inject(ctx context.Context, scene Scene) (Instance, error) {
	return strike(ctx, scene, "bytecode that can be removed", scene.Scripts,
		func(ctx context.Context, hand target.BytecodeSaboteur, c ChosenScript) (target.Evidence, part, error) {
			evidence, err := hand.RemoveActiveLink(ctx, scene.On, c.Account)
			return evidence, onScript(scene, c, func(ctx context.Context, server target.Server) (bool, error) {
				compiled, err := server.Host().CompiledScripts(ctx, c.Account)
				return !slices.ContainsFunc(compiled, func(s target.CompiledScript) bool { return s.Active }), err
			}, target.CompiledScriptMissing, "the link to its bytecode is gone"), err
		})
}

// runsStale says whether the bytecode is that of what was put in place.
func runsStale(c ChosenScript) func(context.Context, target.Server) (bool, error) {
	return func(ctx context.Context, server target.Server) (bool, error) {
		stale, err := server.Host().CompileScript(ctx, c.Source)
		if err != nil {
			return false, err
		}
		compiled, err := server.Host().CompiledScripts(ctx, c.Account)
		return slices.ContainsFunc(compiled, func(s target.CompiledScript) bool { return s.Name == c.Script && s.SHA1 == stale }), err
	}
}
