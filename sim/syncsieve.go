package sim

import (
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target/dlist"
)

// How the files of a script end, its source and its bytecode.
const (
	sourceSuffix   = ".script"
	bytecodeSuffix = ".bc"
)

// scriptFields reads whose script, and which. Each file of a script is called by the
// script's name and its own suffix.
func (s *SyncSession) scriptFields(what dlist.Value) (scripts *scriptSession, name string, f *syncFields) {
	f = &syncFields{of: what}
	scripts = &scriptSession{server: s.server, account: f.text("USERID"), life: s.life}
	if what.Key != "UNACTIVATE_SIEVE" {
		name = f.text("FILENAME")
	}
	return scripts, name, f
}

// storeScript takes a script's source. Of bytecode, which may have been sent once,
// nothing is taken.
func (s *SyncSession) storeScript(what dlist.Value) error {
	scripts, file, f := s.scriptFields(what)
	source := f.text("CONTENT")
	f.number("LAST_UPDATE", 63)
	name, isSource := strings.CutSuffix(file, sourceSuffix)
	switch {
	case f.err != nil:
		return f.err
	case !isSource:
		return nil
	}
	if _, err := s.server.pair.compile([]byte(source)); err != nil {
		return syncBadSieve
	}
	scripts.store(name, []byte(source))
	return nil
}

func (s *SyncSession) removeScript(what dlist.Value) error {
	scripts, file, f := s.scriptFields(what)
	if f.err != nil {
		return f.err
	}
	name, isSource := strings.CutSuffix(file, sourceSuffix)
	if !isSource {
		return nil
	}
	scripts.sieveMailbox() // is made, whatever comes of it
	stored := scripts.script(name)
	if stored == nil {
		return syncNotFound
	}
	scripts.remove(*stored)
	return nil
}

// activateScript makes a script the active one, or none.
func (s *SyncSession) activateScript(what dlist.Value) error {
	scripts, file, f := s.scriptFields(what)
	if f.err != nil {
		return f.err
	}
	name := strings.TrimSuffix(strings.TrimSuffix(file, sourceSuffix), bytecodeSuffix)
	scripts.sieveMailbox() // is made, whatever comes of it
	if name != "" && scripts.script(name) == nil {
		return syncNotFound
	}
	scripts.activate(name)
	return nil
}
