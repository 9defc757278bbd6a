package fault

import (
	"bytes"
	"context"
	"errors"
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
func (ScriptStale) Effects() Effects { return Effects{HurtsScripts: true} }

// Inject implements [Fault].
func (ScriptStale) Inject(ctx context.Context, scene Scene) (Instance, error) {
	hand, ok := scene.Pair.Saboteur().(target.ScriptSaboteur)
	if !ok {
		return nil, notOnThisTarget("scripts that go stale")
	}
	s := &staleScripts{scene: scene, kind: target.ScriptStale, how: "an older script took its place", last: Live, isStale: showsStale}
	return s, s.replace(ctx, hand.ReplaceSource)
}

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
func (CompiledScriptStale) Effects() Effects { return Effects{HurtsScripts: true} }

// Inject implements [Fault].
func (CompiledScriptStale) Inject(ctx context.Context, scene Scene) (Instance, error) {
	hand, ok := scene.Pair.Saboteur().(target.ScriptSaboteur)
	if !ok {
		return nil, notOnThisTarget("bytecode that goes stale")
	}
	s := &staleScripts{scene: scene, kind: target.CompiledScriptStale, how: "an older script's bytecode took its place", last: Live, isStale: runsStale}
	return s, s.replace(ctx, hand.ReplaceCompiled)
}

// staleScripts are scripts that were replaced.
type staleScripts struct {
	scene    Scene
	kind     target.Kind
	how      string
	evidence target.Evidence
	last     State // as last seen while the server was up
	isStale  func(context.Context, target.Server, ChosenScript) (bool, error)
}

func (s *staleScripts) replace(ctx context.Context, replace func(context.Context, target.ServerName, string, string, []byte) (target.Evidence, error)) error {
	if len(s.scene.Scripts) == 0 {
		return errors.New("no script was chosen: let users write some before")
	}
	for _, c := range s.scene.Scripts {
		evidence, err := replace(ctx, s.scene.On, c.Account, c.Script, c.Source)
		if err != nil {
			return err
		}
		s.evidence = s.evidence.And(evidence)
	}
	s.evidence.Summary = fmt.Sprintf("the scripts of %d accounts on %s were replaced by older ones", len(s.scene.Scripts), s.scene.On)
	return nil
}

// Look implements [Instance].
func (s *staleScripts) Look(ctx context.Context) (Report, error) {
	report := Report{Evidence: s.evidence}
	for _, c := range s.scene.Scripts {
		report.Damage = append(report.Damage, Damage{
			Place: target.Place{Server: s.scene.On, Account: c.Account, Script: c.Script}, Kind: s.kind, How: s.how,
		})
	}
	server := s.scene.Pair.Server(s.scene.On)
	processes, err := server.Host().Processes(ctx)
	if err != nil {
		return Report{}, fmt.Errorf("looking for processes on %s: %w", s.scene.On, err)
	}
	if target.Alive(processes) {
		s.last = Healed
		for _, c := range s.scene.Scripts {
			stale, err := s.isStale(ctx, server, c)
			if err != nil {
				return Report{}, fmt.Errorf("looking at the script of %s on %s: %w", c.Account, s.scene.On, err)
			}
			if stale {
				s.last = Live
			}
		}
	}
	report.State = s.last
	return report, nil
}

// showsStale says whether the user is shown what was put in place. A shorter
// script may have been filled up with blanks.
func showsStale(ctx context.Context, server target.Server, c ChosenScript) (bool, error) {
	session, err := server.User().Scripts(ctx, c.Account)
	if err != nil {
		return false, err
	}
	defer session.Close() // it was only read from
	source, err := session.Get(ctx, c.Script)
	if err != nil && target.OutcomeOf(err) == target.Refused {
		return false, nil // it is not there any more
	}
	return bytes.Equal(bytes.TrimRight(source, " "), c.Source), err
}

// runsStale says whether the bytecode is that of what was put in place.
func runsStale(ctx context.Context, server target.Server, c ChosenScript) (bool, error) {
	stale, err := server.Host().CompileScript(ctx, c.Source)
	if err != nil {
		return false, err
	}
	compiled, err := server.Host().CompiledScripts(ctx, c.Account)
	for _, s := range compiled {
		if s.Name == c.Script {
			return s.SHA1 == stale, err
		}
	}
	return false, err
}
