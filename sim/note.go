package sim

import (
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// log notes a change for replication.
func (s *server) log(kind, first string, second ...string) {
	e := logEntry{kind: kind, first: first}
	if len(second) > 0 {
		e.second = second[0]
	}
	s.logEntry(e)
}

func (s *server) logEntry(e logEntry) {
	if s.role != target.RoleMaster || s.quiet {
		return // sync_log is off
	}
	if s.pair.version.scriptsApart && strings.HasSuffix(e.first, sieveSuffix) {
		e = logEntry{kind: "META", first: ownerOf(e.first)}
	}
	s.disk.log.append(s.clock(), e)
	if s.client != nil {
		s.client.wake()
	}
}

// commitTime is how long Cyrus takes on a busy machine from its first note of a change
// to its last: the append, then the mailbox when its index is unlocked, then all
// mailboxes that it concerns when the account's conversations are committed.
const commitTime = 20 * time.Millisecond

// newNotes returns room for the notes of one commit, which are written by [logOneByOne].
// It is the room of the commit before, unless that has yet to write some.
func (s *server) newNotes() []logEntry {
	if len(s.notes) > 0 {
		s.noteRoom = nil
	}
	return s.noteRoom[:0]
}

// logOneByOne notes what one commit changed. Where sync_client takes its log meanwhile,
// a part of the notes waits for the next batch: what blocks that one does not block the
// part that went before.
func (s *server) logOneByOne(notes []logEntry) {
	if len(notes) == 0 {
		return
	}
	s.noteRoom = notes
	s.logNotes() // of the commit before
	s.logEntry(notes[0])
	rest := notes[1:]
	c := s.client
	if c == nil || !c.waiting || len(rest) == 0 {
		s.notes = rest
		s.logNotes()
		return
	}
	before := min(len(rest), int(c.due.Sub(s.pair.now)*time.Duration(len(rest)+1)/commitTime))
	s.notes = rest[:before]
	s.logNotes()
	if s.notes = rest[before:]; len(s.notes) > 0 {
		s.pair.after(commitTime, "a commit on "+string(s.name), s.logNotes)
	}
}

// logNotes notes what a commit has not noted yet.
func (s *server) logNotes() {
	notes := s.notes
	s.notes = nil
	for _, e := range notes {
		s.logEntry(e)
	}
}
