package sim

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/dlist"
)

// SyncSession is one conversation with a server's sync_server, of somebody who has
// logged in as its administrator: commands and answers as values, without the wire.
// It lets no time pass. Like all of a pair it is not safe for concurrent use.
type SyncSession struct {
	server       *server
	life         int
	staged       map[string]map[string]file // message files by partition and GUID
	sieveMailbox bool                       // the client has asked for scripts as mail
	withoutSieve bool                       // and it cannot be had
	lines        []dlist.Value              // of the answer that is being made
}

// SyncAnswer is what sync_server answers to a command.
type SyncAnswer struct {
	Lines  []dlist.Value
	Status string // "OK success"
	// Ended says that the command was the end of the process: after LastWords, if
	// there are any, the connection closes without a status.
	Ended     bool
	LastWords string
}

// ErrSyncServerGone is what a session ends with whose process is dead.
var ErrSyncServerGone = errors.New("the sync_server of the session is gone")

// ErrSyncServerStopped is what a session's command gets, that can be tried again,
// while its process is stopped.
var ErrSyncServerStopped = errors.New("the sync_server of the session is stopped")

// SyncOption changes what a session's server offers.
type SyncOption func(*SyncSession)

// WithoutSieveMailbox lets the server not offer SIEVE-MAILBOX, as those before
// 3.6 do not: then scripts are sent by commands of their own.
func WithoutSieveMailbox() SyncOption { return func(s *SyncSession) { s.withoutSieve = true } }

// NewSyncSession begins a conversation with a server, which must be up.
func (p *Pair) NewSyncSession(name target.ServerName, options ...SyncOption) (*SyncSession, error) {
	s := &SyncSession{server: p.server(name), staged: map[string]map[string]file{}}
	s.life = s.server.life
	for _, option := range options {
		option(s)
	}
	return s, s.ready()
}

// ready says why there is nobody to answer, if so.
func (s *SyncSession) ready() error {
	switch process := serviceSync.process(); {
	case s.server.life != s.life || s.server.process(process) == nil:
		return ErrSyncServerGone
	case s.server.stopped(process):
		return ErrSyncServerStopped
	}
	return nil
}

// Banner returns what the server says first. It offers neither compression nor TLS.
func (s *SyncSession) Banner() []string {
	banner := []string{"* SASL PLAIN"}
	if !s.withoutSieve {
		banner = append(banner, "* SIEVE-MAILBOX")
	}
	return append(banner, fmt.Sprintf("* OK %s Cyrus sync server 3.6.1", s.server.name))
}

// Restart answers RESTART: message files that were sent, and named in no record
// since, are forgotten.
func (s *SyncSession) Restart() { clear(s.staged) }

// Get answers GET with a key and its value.
func (s *SyncSession) Get(what dlist.Value) (SyncAnswer, error) {
	return s.answer("GET", what, syncGets())
}

// Apply answers APPLY with a key and its value.
func (s *SyncSession) Apply(what dlist.Value) (SyncAnswer, error) {
	defer s.server.hush()()
	return s.answer("APPLY", what, syncApplies())
}

// syncCommand answers one command.
type syncCommand func(*SyncSession, dlist.Value) error

func (s *SyncSession) answer(verb string, what dlist.Value, commands map[string]syncCommand) (SyncAnswer, error) {
	if err := s.ready(); err != nil {
		return SyncAnswer{}, err
	}
	s.lines = nil
	key := strings.ToUpper(what.Key)
	command, known := commands[strings.TrimPrefix(key, "LOCAL_")]
	if !known {
		return SyncAnswer{Status: syncStatus(syncProtocol)}, nil
	}
	what.Key = key
	err, lastWords := command(s, what), fatalRecord
	if s.server.disk.list.unreadable {
		err, lastWords = s.server.tellsOfList(), fatalList
	}
	answer := SyncAnswer{Lines: s.lines, Status: syncStatus(err)}
	switch err {
	case syncServerCrash:
		answer.Ended, answer.LastWords = true, "* "+lastWords
	case syncAborted:
		answer.Ended = true
	}
	s.server.pair.tracef("%s was told to %s %s: %s", s.server.name, verb, key, answer.Status)
	return answer, nil
}

// tell adds a line to the answer.
func (s *SyncSession) tell(line dlist.Value) { s.lines = append(s.lines, line) }

// syncStatus is how sync_server says what became of a command. Of some errors it
// tells no more than that there was one.
func syncStatus(err error) string {
	said := map[error]string{
		syncNonexistent: "No Such Mailbox",
		syncMoved:       "Mailbox exists with another name or uniqueid",
		syncUnsupported: "Operation is not supported on mailbox",
		syncChecksum:    "Checksum Failure",
		syncChanged:     "Changed since last sync",
		syncBadSieve:    "Sieve script compilation failure",
		syncProtocol:    "Protocol error",
		syncParameters:  "",
	}
	if err == nil {
		return "OK success"
	}
	if text, ok := said[err]; ok {
		return strings.TrimSpace(fmt.Sprintf("NO %v %s", err, text))
	}
	return "NO Unknown error"
}

// syncFields reads the fields of one map. What is asked for and not there, or is no
// number, makes the command one with bad parameters.
type syncFields struct {
	of  dlist.Value
	err error
}

func (f *syncFields) missing() {
	if f.err == nil {
		f.err = syncParameters
	}
}

func (f *syncFields) text(key string) string {
	value, ok := f.of.Get(key)
	if !ok || value.Kind != dlist.Text {
		f.missing()
	}
	return value.Text
}

func (f *syncFields) number(key string, bits int) uint64 {
	number, err := f.of.Number(key, bits)
	if err != nil {
		f.missing()
	}
	return number
}

// optional returns 0 where there is no such field.
func (f *syncFields) optional(key string, bits int) uint64 {
	number, err := f.of.Number(key, bits)
	if err != nil {
		return 0
	}
	return number
}

func (f *syncFields) list(key string) []dlist.Value {
	value, ok := f.of.Get(key)
	if !ok || value.Kind != dlist.List {
		f.missing()
	}
	return value.Items
}

// syncACL reads an ACL as Cyrus writes it: "alice\tlrs\tbob\tl\t".
func syncACL(text string) acl {
	var read acl
	fields := strings.Split(strings.TrimSuffix(text, "\t"), "\t")
	for i := 0; i+1 < len(fields); i += 2 {
		read = append(read, grant{fields[i], fields[i+1]})
	}
	return read
}

// cyrus writes the ACL as Cyrus does.
func (a acl) cyrus() string {
	var out strings.Builder
	for _, g := range a {
		out.WriteString(g.identifier + "\t" + g.rights + "\t")
	}
	return out.String()
}

// sortedNotes returns a mailbox's annotations in the order in which they are told.
func sortedNotes(annotations map[annotation]string) []note {
	keys := slices.SortedFunc(maps.Keys(annotations), func(a, b annotation) int {
		return strings.Compare(a.entry+"\x00"+a.account, b.entry+"\x00"+b.account)
	})
	notes := make([]note, len(keys))
	for i, key := range keys {
		notes[i] = note{key, annotations[key]}
	}
	return notes
}
