package detect

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// ScriptCompare looks at sieve scripts the way that counts: the source that
// users are shown, the digest that the index recorded of it, which script is
// active, and whether the bytecode that runs is what the source says. Cyrus's
// own tools and replication compare none of these.
type ScriptCompare struct{}

// Name implements [Detector].
func (ScriptCompare) Name() string { return "script-compare" }

// Doc implements [Detector].
func (ScriptCompare) Doc() string {
	return "compares scripts: source against the index and the other side, the active one, bytecode against source"
}

// Promise implements [Detector].
func (ScriptCompare) Promise() Promise {
	return atOnce(target.ScriptStale, target.CompiledScriptStale, target.ScriptDiffers)
}

// Detect implements [Detector].
func (d ScriptCompare) Detect(ctx context.Context, scene Scene) ([]Finding, error) {
	servers, err := scene.servers()
	if err != nil {
		return nil, err
	}
	return scene.eachSettled(ctx, d.Name(), func(ctx context.Context, account string) ([]Finding, error) {
		var found []Finding
		seen := make([]accountScripts, len(servers))
		for i, server := range servers {
			var err error
			if seen[i], err = readScripts(ctx, server, account); err != nil {
				return nil, fmt.Errorf("reading the scripts of %s on %s: %w", account, server.Name(), err)
			}
		}
		for i := range seen {
			found = append(found, seen[i].faults()...)
		}
		if len(seen) == 2 {
			found = append(found, seen[0].against(seen[1], scene.Master)...)
		}
		return found, nil
	})
}

// accountScripts is what one server has of an account's scripts.
type accountScripts struct {
	server  target.ServerName
	account string
	scripts []script // by name
}

type script struct {
	name     string
	source   []byte
	sha1     string // of the source that is shown
	recorded string // what the index says it is; empty: it knows no such script
	active   bool
	// bytecode is the SHA-1 of what would run, due that of what should.
	bytecode, due string
}

func readScripts(ctx context.Context, server target.Server, account string) (a accountScripts, err error) {
	a = accountScripts{server: server.Name(), account: account}
	meta, err := server.Index().Meta(ctx, account)
	if err != nil {
		return a, err
	}
	session, err := server.User().Scripts(ctx, account)
	if err != nil {
		return a, err
	}
	defer session.Close() // it was only read from
	listed, err := session.List(ctx)
	if err != nil || len(listed) == 0 {
		return a, err
	}
	compiled, err := server.Host().CompiledScripts(ctx, account)
	if err != nil {
		return a, err
	}
	for _, info := range listed {
		s := script{name: info.Name, active: info.Active}
		s.source, err = session.Get(ctx, info.Name)
		if err != nil && target.OutcomeOf(err) == target.Refused {
			continue // replaced or removed since it was listed
		}
		if err != nil {
			return a, err
		}
		s.sha1 = target.DigestBody(s.source)
		s.recorded = recordedGUID(meta, info.Name)
		s.bytecode = bytecodeOf(compiled, info.Name)
		if s.active {
			if s.due, err = server.Host().CompileScript(ctx, s.source); err != nil {
				return a, err
			}
		}
		a.scripts = append(a.scripts, s)
	}
	return a, nil
}

func recordedGUID(meta target.Meta, name string) string {
	for _, s := range meta.Scripts {
		if s.Name == name {
			return s.GUID
		}
	}
	return ""
}

func bytecodeOf(compiled []target.CompiledScript, name string) string {
	for _, c := range compiled {
		if c.Name == name {
			return c.SHA1
		}
	}
	return "none"
}

func (a accountScripts) finding(kind target.Kind, name, format string, args ...any) Finding {
	return Finding{
		Kind: kind, Evidence: fmt.Sprintf(format, args...),
		Place: target.Place{Server: a.server, Account: a.account, Script: name},
	}
}

// faults are what one server's scripts contradict themselves in.
func (a accountScripts) faults() []Finding {
	var found []Finding
	for _, s := range a.scripts {
		if s.recorded != "" && s.recorded != s.sha1 {
			found = append(found, a.finding(target.ScriptStale, s.name, "the index recorded SHA-1 %.12s, and its user is shown %.12s", s.recorded, s.sha1))
		}
		if s.active && s.bytecode != s.due {
			found = append(found, a.finding(target.CompiledScriptStale, s.name, "the bytecode is %.12s, and the source that is shown compiles to %.12s", s.bytecode, s.due))
		}
	}
	return found
}

// against compares two servers' scripts, but for those that a side is already
// known to be wrong about.
func (a accountScripts) against(b accountScripts, master target.ServerName) []Finding {
	var found []Finding
	for _, name := range a.names(b) {
		inA, inB := a.describe(name), b.describe(name)
		if inA == inB {
			continue
		}
		wrong := a
		if wrongSide(a.server, b.server, master) == b.server {
			wrong = b
		}
		f := wrong.finding(target.ScriptDiffers, name, "%s has %s, %s has %s", a.server, inA, b.server, inB)
		f.Right = master
		found = append(found, f)
	}
	return found
}

func (a accountScripts) names(b accountScripts) []string {
	var names []string
	for _, s := range slices.Concat(a.scripts, b.scripts) {
		names = append(names, s.name)
	}
	slices.SortFunc(names, strings.Compare)
	return slices.Compact(names)
}

func (a accountScripts) describe(name string) string {
	for _, s := range a.scripts {
		switch {
		case s.name == name && s.active:
			return fmt.Sprintf("%.12s, active", s.sha1)
		case s.name == name:
			return fmt.Sprintf("%.12s, not active", s.sha1)
		}
	}
	return "no such script"
}
