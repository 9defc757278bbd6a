package fault

import (
	"context"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/hearsay"
)

// otherScript is what the script is called that becomes active instead.
const otherScript = "other"

// OtherScriptActive stores another script for chosen accounts and makes it the
// active one, on one server.
type OtherScriptActive struct{}

// Name implements [Fault].
func (OtherScriptActive) Name() string { return "other-script-active" }

// Doc implements [Fault].
func (OtherScriptActive) Doc() string {
	return "another sieve script of some users is active on one side, told so by a sync client that has it wrong"
}

// Effects implements [Fault].
func (OtherScriptActive) Effects() Effects { return Effects{Breaks: Script, HurtsScripts: true} }

// Inject implements [Fault].
func (OtherScriptActive) Inject(ctx context.Context, scene Scene) (Instance, error) {
	return misleadScripts(ctx, scene, func(c ChosenScript) target.Hearsay {
		return hearsay.ActiveScript{Account: c.Account, Script: otherScript, Source: c.Source}
	}, func(scene Scene, c ChosenScript) part {
		p := onScript(scene, c, isActive(c.Account, otherScript), target.ScriptDiffers, "another script is active")
		added := p.damage[0]
		added.Script, added.How = otherScript, "it is on this side alone, and active"
		p.damage = append(p.damage, added)
		return p
	})
}

// ScriptDeactivated lets no script of chosen accounts be active, on one server.
type ScriptDeactivated struct{}

// Name implements [Fault].
func (ScriptDeactivated) Name() string { return "script-deactivated" }

// Doc implements [Fault].
func (ScriptDeactivated) Doc() string {
	return "no sieve script of some users is active on one side, told so by a sync client that has it wrong"
}

// Effects implements [Fault].
func (ScriptDeactivated) Effects() Effects { return Effects{Breaks: Script, HurtsScripts: true} }

// Inject implements [Fault].
func (ScriptDeactivated) Inject(ctx context.Context, scene Scene) (Instance, error) {
	return misleadScripts(ctx, scene, func(c ChosenScript) target.Hearsay {
		return hearsay.NoActiveScript{Account: c.Account, Script: c.Script}
	}, func(scene Scene, c ChosenScript) part {
		return onScript(scene, c, func(ctx context.Context, server target.Server) (bool, error) {
			is, there, err := activity(ctx, server, c.Account, c.Script)
			return there && !is, err
		}, target.ScriptDiffers, "it is active no more")
	})
}

// ScriptDeleted takes chosen scripts away, on one server. From a replica the next
// sync_client -u copies that back.
type ScriptDeleted struct{}

// Name implements [Fault].
func (ScriptDeleted) Name() string { return "script-deleted" }

// Doc implements [Fault].
func (ScriptDeleted) Doc() string {
	return "some users' sieve scripts are deleted on one side, told so by a sync client that has it wrong: sync_client -u copies that to the other"
}

// Effects implements [Fault].
func (ScriptDeleted) Effects() Effects { return Effects{Breaks: Script, HurtsScripts: true} }

// Inject implements [Fault].
func (ScriptDeleted) Inject(ctx context.Context, scene Scene) (Instance, error) {
	return misleadScripts(ctx, scene, func(c ChosenScript) target.Hearsay {
		return hearsay.NoScript{Account: c.Account, Script: c.Script}
	}, func(scene Scene, c ChosenScript) part {
		return onScript(scene, c, func(ctx context.Context, server target.Server) (bool, error) {
			_, there, err := activity(ctx, server, c.Account, c.Script)
			return !there, err
		}, target.ScriptDiffers, "it was deleted here alone")
	})
}

func misleadScripts(ctx context.Context, scene Scene, told func(ChosenScript) target.Hearsay, outcome func(Scene, ChosenScript) part) (Instance, error) {
	return strike(ctx, scene, "sync clients that have it wrong", scene.Scripts,
		func(ctx context.Context, hand target.SyncSaboteur, c ChosenScript) (target.Evidence, part, error) {
			evidence, err := hand.Mislead(ctx, scene.On, told(c))
			return evidence, outcome(scene, c), err
		})
}

// activity says whether a script is active, and whether it is there.
func activity(ctx context.Context, server target.Server, account, script string) (active, there bool, err error) {
	meta, err := server.Index().Meta(ctx, account)
	i := slices.IndexFunc(meta.Scripts, func(s target.Script) bool { return s.Name == script })
	return i >= 0 && meta.Scripts[i].Active, i >= 0, err
}

func isActive(account, script string) func(context.Context, target.Server) (bool, error) {
	return func(ctx context.Context, server target.Server) (bool, error) {
		active, _, err := activity(ctx, server, account, script)
		return active, err
	}
}
