package sim

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// What Cyrus allows of scripts: sieve_maxscripts, and sieve_maxscriptsize.
const (
	maxScripts    = 5
	maxScriptSize = 32 << 10
)

// scriptSession is one ManageSieve session (RFC 5804).
type scriptSession struct {
	*server
	account string
	life    int
	closed  bool
}

var _ target.ScriptSession = (*scriptSession)(nil)

func (s *scriptSession) do(ctx context.Context, command request, d time.Duration) error {
	if s.closed {
		return fmt.Errorf("%s: the session is closed", command)
	}
	if err := s.stillUp(s.life, command); err != nil {
		return &target.UnreachableError{Server: s.name, Service: string(serviceSieve), Err: err}
	}
	return s.work(ctx, s.life, serviceSieve, command, d)
}

func (s *scriptSession) done(ctx context.Context, command request) error {
	return s.answer(ctx, s.life, serviceSieve, command)
}

// script returns the stored script of that name, or nil.
func (s *scriptSession) script(name string) *storedScript {
	for _, stored := range s.disk.scripts(s.account) {
		if stored.name == name {
			return &stored
		}
	}
	return nil
}

// List implements [target.ScriptSession].
func (s *scriptSession) List(ctx context.Context) ([]target.ScriptInfo, error) {
	if err := s.do(ctx, request{verb: "LISTSCRIPTS"}, readTime); err != nil {
		return nil, err
	}
	infos := []target.ScriptInfo{}
	for _, stored := range s.disk.scripts(s.account) {
		infos = append(infos, target.ScriptInfo{Name: stored.name, Active: s.runs(s.disk.account(s.account), stored)})
	}
	return infos, nil
}

// Get implements [target.ScriptSession].
func (s *scriptSession) Get(ctx context.Context, name string) ([]byte, error) {
	command := request{"GETSCRIPT", name}
	if err := s.do(ctx, command, readTime); err != nil {
		return nil, err
	}
	stored := s.script(name)
	if stored == nil {
		return nil, no(command, "NONEXISTENT", "Script doesn't exist")
	}
	if stored.source == nil {
		return nil, no(command, "", "Error getting script")
	}
	return slices.Clone(stored.source), nil
}

// Put implements [target.ScriptSession]. A script that go-sieve does not
// understand is refused with its reason, also where Cyrus knows the extension.
func (s *scriptSession) Put(ctx context.Context, name string, source []byte) error {
	command := request{"PUTSCRIPT", name}
	if err := s.do(ctx, command, scriptTime); err != nil {
		return err
	}
	if err := s.writable(command); err != nil {
		return err
	}
	old := s.script(name)
	switch scripts := s.disk.scripts(s.account); {
	case len(source) > maxScriptSize:
		return no(command, "QUOTA/MAXSIZE", "Script size is too large.")
	case old == nil && len(scripts) >= maxScripts:
		return no(command, "QUOTA/MAXSCRIPTS", "You are only allowed 5 scripts on this server")
	}
	if _, err := s.pair.compile(source); err != nil {
		return no(command, "", err.Error())
	}
	s.store(name, source)
	s.pair.tracef("%s stored the script %s of %s", s.name, name, s.account)
	return s.done(ctx, command)
}

// store puts a script in the place of the one that has its name.
func (s *scriptSession) store(name string, source []byte) {
	old := s.script(name)
	v := s.sieveMailbox()
	id, flags := s.newScriptID(s.account, name), []string(nil)
	if old != nil {
		id, flags = s.disk.account(s.account).scriptList[old.record.uid].id, old.record.flags
	}
	changed := []uint32{v.add(newFile(s.scriptFile(s.account, id, name, source), v.now()), flags)}
	if old != nil {
		v.expunge(old.record)
		changed = append(changed, old.record.uid)
	}
	s.installScripts(s.account, changed)
	v.leaveAppended()
}

// sieveMailbox opens the mailbox that holds the account's scripts, and makes it
// where there is none.
func (s *scriptSession) sieveMailbox() *visit {
	e := s.disk.list.owned(s.account, sieveMailbox)
	if e == nil {
		e = s.create(s.disk.list.internal(s.account, sieveMailbox), acl{{s.account, rightLetters}})
		e.kind = entrySieve
		s.disk.list.changed()
	}
	return s.visit(e)
}

// Activate implements [target.ScriptSession].
func (s *scriptSession) Activate(ctx context.Context, name string) error {
	command := request{"SETACTIVE", name}
	if err := s.do(ctx, command, scriptTime); err != nil {
		return err
	}
	if err := s.writable(command); err != nil {
		return err
	}
	if name != "" && s.script(name) == nil {
		return no(command, "NONEXISTENT", "Script doesn't exist")
	}
	s.activate(name)
	s.pair.tracef("%s activated the script %q of %s", s.name, name, s.account)
	return s.done(ctx, command)
}

// activate makes the script of that name the active one; empty: none.
func (s *scriptSession) activate(name string) {
	v := s.sieveMailbox()
	var changed []uint32
	for _, stored := range s.disk.scripts(s.account) {
		add, remove := []string{`\Flagged`}, []string(nil)
		if stored.name != name {
			add, remove = remove, add
		}
		if v.setFlags(stored.record, add, remove) {
			changed = append(changed, stored.record.uid)
		}
	}
	s.installScripts(s.account, changed)
	v.leave()
}

// Delete implements [target.ScriptSession].
func (s *scriptSession) Delete(ctx context.Context, name string) error {
	command := request{"DELETESCRIPT", name}
	if err := s.do(ctx, command, scriptTime); err != nil {
		return err
	}
	if err := s.writable(command); err != nil {
		return err
	}
	stored := s.script(name)
	switch {
	case stored == nil:
		return no(command, "NONEXISTENT", "Script "+name+" does not exist.")
	case stored.record.has(`\Flagged`):
		return no(command, "ACTIVE", "Active script cannot be deleted")
	}
	s.remove(*stored)
	return s.done(ctx, command)
}

// remove takes a stored script away.
func (s *scriptSession) remove(stored storedScript) {
	v := s.sieveMailbox()
	v.expunge(stored.record)
	s.installScripts(s.account, []uint32{stored.record.uid})
	v.leave()
}

// Close implements [target.ScriptSession].
func (s *scriptSession) Close() error {
	s.closed = true
	return nil
}
