package restore

import (
	"context"
	"fmt"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// RestoreScripts stores, on the serving server, the sieve scripts that the old
// master had, and makes the same one active. That compiles them as well, so a
// script whose bytecode is found stale is stored again. A script that its user
// has changed since the freeze stays as it is.
type RestoreScripts struct{}

// Name implements [Restorer].
func (RestoreScripts) Name() string { return "restore-scripts" }

// Doc implements [Restorer].
func (RestoreScripts) Doc() string {
	return "stores the scripts of the rescued store anew, where they differ or are found stale, and activates the same one"
}

// Plan implements [Restorer].
func (r RestoreScripts) Plan(ctx context.Context, scene Scene) (Plan, error) {
	return planAccounts(ctx, scene, r.Name(), func(ctx context.Context, p *accountPlanner) ([]Action, error) {
		return p.scripts(ctx)
	})
}

func (p *accountPlanner) scripts(ctx context.Context) ([]Action, error) {
	var actions []Action
	for _, theirs := range p.rescued.Meta.Scripts {
		act, err := p.script(ctx, theirs)
		if err != nil {
			return nil, err
		}
		actions = append(actions, act...)
	}
	active, base, mine := activeScript(p.rescued.Meta), activeScript(p.before.Meta), activeScript(p.now.Meta)
	anew := p.madeAnew()
	if active != mine && mine == base && !(anew && active == "") {
		actions = append(actions, Action{Act: Activate, Account: p.account, Name: active, Was: mine, Why: p.why()})
	}
	for _, s := range p.before.Meta.Scripts {
		_, kept := scriptNamed(p.rescued.Meta, s.Name)
		now, there := scriptNamed(p.now.Meta, s.Name)
		if !anew && !kept && there && now.GUID == s.GUID && active != s.Name {
			actions = append(actions, Action{Act: DeleteScript, Account: p.account, Name: s.Name, Was: now.GUID, Why: fmt.Sprintf("its user had deleted it on %s", p.rescued.Server)})
		}
	}
	return actions, nil
}

// script plans to store one script, if what the serving server shows of it is
// something else, or a detector says that what it shows is not what runs.
func (p *accountPlanner) script(ctx context.Context, theirs target.Script) ([]Action, error) {
	base, _ := scriptNamed(p.before.Meta, theirs.Name)
	mine, _ := scriptNamed(p.now.Meta, theirs.Name)
	if mine.GUID != base.GUID && mine.GUID != theirs.GUID {
		return []Action{{Act: Keep, Account: p.account, Name: theirs.Name, Why: "its user has changed it since the freeze"}}, nil
	}
	why := p.why()
	if stale := p.staleScript(theirs.Name); stale != "" {
		why += "; " + stale
	} else {
		shown, err := readScript(ctx, p.scene.Serving, p.account, theirs.Name)
		if err != nil {
			return nil, err
		}
		if target.DigestBody(shown) == theirs.GUID {
			return nil, nil
		}
	}
	return []Action{{Act: PutScript, Account: p.account, Name: theirs.Name, GUID: theirs.GUID, Was: mine.GUID, Why: why}}, nil
}

// staleScript returns the evidence that a detector found against the script on
// the serving server; empty: none.
func (p *accountPlanner) staleScript(name string) string {
	i := slices.IndexFunc(p.scene.Findings, func(f detect.Finding) bool {
		return f.Account == p.account && f.Script == name && f.Server == p.scene.Serving.Name() &&
			(f.Kind == target.CompiledScriptStale || f.Kind == target.CompiledScriptMissing)
	})
	if i < 0 {
		return ""
	}
	return p.scene.Findings[i].Evidence
}

func activeScript(meta target.Meta) string {
	for _, s := range meta.Scripts {
		if s.Active {
			return s.Name
		}
	}
	return ""
}

func scriptNamed(meta target.Meta, name string) (target.Script, bool) {
	for _, s := range meta.Scripts {
		if s.Name == name {
			return s, true
		}
	}
	return target.Script{}, false
}

// readScript returns the source that a server shows; nil where it has no such
// script.
func readScript(ctx context.Context, server target.Server, account, name string) ([]byte, error) {
	session, err := server.User().Scripts(ctx, account)
	if err != nil {
		return nil, err
	}
	defer session.Close() // it was only read from
	source, err := session.Get(ctx, name)
	if err != nil && target.OutcomeOf(err) == target.Refused {
		return nil, nil
	}
	return source, err
}
