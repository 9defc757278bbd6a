package sim

import (
	"context"
	"strings"
	"unicode"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// SieveExtensions returns the extensions of Sieve that scripts may require.
func SieveExtensions() []string {
	return []string{"fileinto", "envelope", "encoded-character", "imap4flags", "variables", "relational"}
}

// ScriptSession is a [target.ScriptSession] with what ManageSieve knows besides.
// Like all of a pair it is not safe for concurrent use.
type ScriptSession struct{ *scriptSession }

// OpenScripts opens a ManageSieve session of the account.
func (p *Pair) OpenScripts(ctx context.Context, name target.ServerName, account string) (*ScriptSession, error) {
	session, err := userView{p.server(name)}.Scripts(ctx, account)
	if err != nil {
		return nil, err
	}
	return &ScriptSession{session.(*scriptSession)}, nil
}

// Put refuses names that no script can have, and does as the other Put.
func (s *ScriptSession) Put(ctx context.Context, name string, source []byte) error {
	if name == "" || strings.ContainsFunc(name, unicode.IsControl) {
		return no(request{verb: "PUTSCRIPT"}, "", "Invalid script name")
	}
	return s.scriptSession.Put(ctx, name, source)
}

// Check says whether a script would be taken (CHECKSCRIPT).
func (s *ScriptSession) Check(ctx context.Context, source []byte) error {
	command := request{verb: "CHECKSCRIPT"}
	if err := s.do(ctx, command, readTime); err != nil {
		return err
	}
	if _, err := s.pair.compile(source); err != nil {
		return no(command, "", err.Error())
	}
	return s.done(ctx, command)
}

// HaveSpace says whether there is room for a script of that size (HAVESPACE).
func (s *ScriptSession) HaveSpace(ctx context.Context, name string, size int) error {
	command := request{"HAVESPACE", name}
	if err := s.do(ctx, command, readTime); err != nil {
		return err
	}
	switch {
	case size > maxScriptSize:
		return no(command, "QUOTA/MAXSIZE", "Script size is too large.")
	case s.script(name) == nil && len(s.disk.scripts(s.account)) >= maxScripts:
		return no(command, "QUOTA/MAXSCRIPTS", "You are only allowed 5 scripts on this server")
	}
	return s.done(ctx, command)
}

// Rename gives a script another name, active or not (RENAMESCRIPT).
func (s *ScriptSession) Rename(ctx context.Context, from, to string) error {
	command := request{"RENAMESCRIPT", from}
	if err := s.do(ctx, command, scriptTime); err != nil {
		return err
	}
	stored := s.script(from)
	switch {
	case stored == nil:
		return no(command, "NONEXISTENT", "Script doesn't exist")
	case s.script(to) != nil:
		return no(command, "ALREADYEXISTS", "Script already exists")
	case to == "" || strings.ContainsFunc(to, unicode.IsControl):
		return no(command, "", "Invalid script name")
	}
	v, id := s.sieveMailbox(), s.disk.account(s.account).scriptList[stored.record.uid].id
	renamed := v.add(newFile(s.scriptFile(s.account, id, to, stored.source), v.now()), stored.record.flags)
	v.expunge(stored.record)
	s.installScripts(s.account, []uint32{stored.record.uid, renamed})
	v.leaveAppended()
	s.pair.tracef("%s renamed the script %s of %s to %s", s.name, from, s.account, to)
	return s.done(ctx, command)
}
