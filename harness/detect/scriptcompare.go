package detect

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// ScriptCompare looks at sieve scripts the way that counts: the source that
// users are shown, the digest that the index recorded of it, which script is
// active, and whether the bytecode that runs is what the source says. Cyrus's
// own tools and replication compare none of these. Where nobody can look at a server's
// machine, its bytecode is passed over.
type ScriptCompare struct{}

// Name implements [Detector].
func (ScriptCompare) Name() string { return "script-compare" }

// Doc implements [Detector].
func (ScriptCompare) Doc() string {
	return "compares scripts: source against the index and the other side, the active one, bytecode against source"
}

// Promise implements [Detector].
func (ScriptCompare) Promise() Promise {
	return atOnce(target.ScriptStale, target.CompiledScriptStale, target.CompiledScriptMissing, target.ScriptDiffers)
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
			seen[i], err = readScripts(ctx, server, account)
			if unread, refused := unreadAccount(server.Name(), account, err); refused {
				return []Finding{unread}, nil
			}
			if err != nil {
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
	blind   bool     // nobody can look at bytecode there
}

type script struct {
	name     string
	source   []byte
	sha1     string // of the source that is shown
	recorded string // what the index says it is; empty: it knows no such script
	refused  string // why the source is not shown; empty: it is
	active   bool
	linked   bool // it is its bytecode that runs
	// bytecode is the SHA-1 of what was compiled of it, empty where there is nothing,
	// due that of what should be.
	bytecode, due string
}

func readScripts(ctx context.Context, server target.Server, account string) (a accountScripts, err error) {
	a = accountScripts{server: server.Name(), account: account}
	meta, err := server.Index().Meta(ctx, account)
	if err != nil {
		return a, err
	}
	if none, err := hasNone(ctx, server, account, meta); err != nil || none {
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
	if unsupported := (*target.UnsupportedError)(nil); errors.As(err, &unsupported) {
		a.blind, err = true, nil
	}
	if err != nil {
		return a, err
	}
	for _, info := range listed {
		s := script{name: info.Name, active: info.Active, recorded: recordedGUID(meta, info.Name)}
		if i := slices.IndexFunc(compiled, func(c target.CompiledScript) bool { return c.Name == s.name }); i >= 0 {
			s.bytecode, s.linked = compiled[i].SHA1, compiled[i].Active
		}
		if err := s.read(ctx, server, session, a.blind); err != nil {
			return a, err
		}
		a.scripts = append(a.scripts, s)
	}
	return a, nil
}

// hasNone says whether an account has no scripts, nor a mailbox for them. Then nobody is
// logged in to look: Cyrus would make that mailbox.
func hasNone(ctx context.Context, server target.Server, account string, meta target.Meta) (bool, error) {
	if len(meta.Scripts) > 0 {
		return false, nil
	}
	listed, err := server.User().Listed(ctx, account)
	return !slices.ContainsFunc(listed, func(name string) bool { return !target.IsMail(name) }), err
}

// read gets the source, and what it compiles to where it is to run. That it is refused
// is noted: of a script that is listed there must be a source.
func (s *script) read(ctx context.Context, server target.Server, session target.ScriptSession, blind bool) (err error) {
	var refused *target.RefusedError
	s.source, err = session.Get(ctx, s.name)
	if errors.As(err, &refused) {
		s.refused, s.sha1 = refused.Text, "no source"
		return nil
	}
	if err != nil {
		return err
	}
	s.sha1 = target.DigestBody(s.source)
	if s.active && !blind {
		s.due, err = server.Host().CompileScript(ctx, s.source)
	}
	return err
}

func recordedGUID(meta target.Meta, name string) string {
	for _, s := range meta.Scripts {
		if s.Name == name {
			return s.GUID
		}
	}
	return ""
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
		switch {
		case s.refused != "":
			found = append(found, a.finding(target.ScriptStale, s.name, "it is listed, and its source is not shown: %s", s.refused))
		case s.recorded != "" && s.recorded != s.sha1:
			found = append(found, a.finding(target.ScriptStale, s.name, "the index recorded SHA-1 %.12s, and its user is shown %.12s", s.recorded, s.sha1))
		}
		switch {
		case !s.active, a.blind:
		case s.bytecode == "":
			found = append(found, a.finding(target.CompiledScriptMissing, s.name, "it is active, and there is no bytecode of it"))
		case s.refused == "" && s.bytecode != s.due:
			found = append(found, a.finding(target.CompiledScriptStale, s.name, "the bytecode is %.12s, and the source that is shown compiles to %.12s", s.bytecode, s.due))
		case !s.linked:
			found = append(found, a.finding(target.CompiledScriptMissing, s.name, "it is active, and nothing links to its bytecode as that which runs"))
		}
	}
	return found
}

// against compares two servers' scripts, but for those that a side is already
// known to be wrong about.
func (a accountScripts) against(b accountScripts, master target.ServerName) []Finding {
	var found []Finding
	for _, name := range names(slices.Concat(a.scripts, b.scripts), func(s script) string { return s.name }) {
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
