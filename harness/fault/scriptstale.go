package fault

import (
	"bytes"
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// ScriptStale puts an older script in the place of chosen ones, as if the last
// change had never arrived: source and bytecode are of one piece, and replication
// takes both for right.
type ScriptStale struct{}

// Name implements [Fault].
func (ScriptStale) Name() string { return "script-stale" }

// Doc implements [Fault].
func (ScriptStale) Doc() string {
	return "some users' sieve scripts are overwritten with older ones: mail is filed by old rules, and replication sees no difference"
}

// Effects implements [Fault].
func (ScriptStale) Effects() Effects { return Effects{Breaks: Script, HurtsScripts: true} }

// Inject implements [Fault].
func (ScriptStale) Inject(ctx context.Context, scene Scene) (Instance, error) {
	instance, err := replaceSources(ctx, scene, "an older script took its place", func(c ChosenScript) []byte { return c.Source })
	return summed(instance, err, replacedBy(scene, "older ones"))
}

func replacedBy(scene Scene, what string) func(int) string {
	return func(times int) string {
		return fmt.Sprintf("the scripts of %d accounts on %s were replaced by %s", times, scene.On, what)
	}
}

// replaceSources puts another script in the place of each chosen one. A shorter one
// is filled up with blanks.
func replaceSources(ctx context.Context, scene Scene, how string, source func(ChosenScript) []byte) (Instance, error) {
	return strike(ctx, scene, "scripts that can be replaced", scene.Scripts,
		func(ctx context.Context, hand target.ScriptSaboteur, c ChosenScript) (target.Evidence, part, error) {
			put := source(c)
			evidence, err := hand.ReplaceSource(ctx, scene.On, c.Account, c.Script, put)
			return evidence, onScript(scene, c, func(ctx context.Context, server target.Server) (bool, error) {
				shown, there, err := shownSource(ctx, server, c)
				return there && bytes.Equal(bytes.TrimRight(shown, " "), bytes.TrimRight(put, " ")), err
			}, target.ScriptStale, how), err
		})
}

// onScript returns a part that is about a script.
func onScript(scene Scene, c ChosenScript, wrong func(context.Context, target.Server) (bool, error), kind target.Kind, how string) part {
	damage := []Damage{{Place: target.Place{Server: scene.On, Account: c.Account, Script: c.Script}, Kind: kind, How: how}}
	return part{damage: damage, wrong: func(ctx context.Context) (bool, error) { return wrong(ctx, scene.server()) }}
}

// shownSource returns what its user is shown of a script, and whether it is listed
// and can be read at all.
func shownSource(ctx context.Context, server target.Server, c ChosenScript) (source []byte, there bool, err error) {
	session, err := server.User().Scripts(ctx, c.Account)
	if err != nil {
		return nil, false, err
	}
	defer session.Close() // it was only read from
	source, err = session.Get(ctx, c.Script)
	if isRefused(err) {
		return nil, false, nil
	}
	return source, err == nil, err
}
