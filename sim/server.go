package sim

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// server is one simulated server: a disk, and processes while it is up.
type server struct {
	pair *Pair
	name target.ServerName
	role target.Role
	peer *server // to whom it replicates as master; nil: to nobody
	disk *disk

	processes []*process // none: the server is down
	life      int        // counts starts, so that a session knows its own
	client    *syncClient
	log       []byte // syslog
}

// process is one process of a server.
type process struct {
	pid   int
	name  string
	state target.ProcessState
}

var _ target.Server = (*server)(nil)

// Name implements [target.Server].
func (s *server) Name() target.ServerName { return s.name }

// Index implements [target.Server].
func (s *server) Index() target.IndexView { return indexView{s} }

// User implements [target.Server].
func (s *server) User() target.UserView { return userView{s} }

// Host implements [target.Server].
func (s *server) Host() target.HostView { return hostView{s} }

func (s *server) up() bool { return len(s.processes) > 0 }

// takesMail: a rescued server has no lmtpd.
func (s *server) takesMail() bool { return s.role != target.RoleRescued }

// start brings up the processes that the server's role asks for.
func (s *server) start() {
	s.life++
	names := []string{"master", "imapd", "sync_server"}
	if s.takesMail() {
		names = append(names, "lmtpd")
	}
	s.client = nil
	if s.role == target.RoleMaster && s.peer != nil {
		names = append(names, syncClientName)
	}
	pid := 1
	for _, name := range names {
		s.processes = append(s.processes, &process{pid: pid, name: name, state: target.ProcessRunning})
		pid += 1 + s.pair.rand.IntN(9)
	}
	if p := s.process(syncClientName); p != nil {
		s.client = &syncClient{server: s, process: p}
		s.client.wake()
	}
	slices.SortFunc(s.processes, func(a, b *process) int { return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.pid, b.pid)) })
	s.logf("master: process started, as %s", s.role)
}

// kill ends all processes at once. The disk stays as it is.
func (s *server) kill() {
	s.processes, s.client = nil, nil
	s.pair.tracef("%s is down", s.name)
}

// process returns the process of that name, or nil.
func (s *server) process(name string) *process {
	for _, p := range s.processes {
		if p.name == name {
			return p
		}
	}
	return nil
}

// logf writes a line of syslog.
func (s *server) logf(format string, args ...any) {
	before := len(s.pair.trace)
	s.pair.tracef("%s cyrus/"+format, append([]any{s.name}, args...)...)
	s.log = append(append(s.log, s.pair.trace[before]...), '\n')
}

// What Cyrus writes into the sync log for one operation, line by line.
var (
	appended = []string{"APPEND", "MAILBOX", "MAILBOX"}                        // a delivery, or an APPEND
	expunged = []string{"MAILBOX", "MAILBOX", "MAILBOX", "MAILBOX", "MAILBOX"} // STORE \Deleted and UID EXPUNGE
)

// changed notes a change of a mailbox for replication.
func (s *server) changed(b box, kinds ...string) {
	if s.role != target.RoleMaster {
		return // sync_log is off
	}
	for _, kind := range kinds {
		s.disk.log.append(s.pair.now, logEntry{kind, b})
	}
	if s.client != nil {
		s.client.wake()
	}
}

var errConnectionRefused = errors.New("connection refused")

// connect reaches a service of the server, which takes a moment.
func (s *server) connect(ctx context.Context, service string) error {
	if err := s.pair.takes(ctx, connectTime); err != nil {
		return err
	}
	if !s.up() || service == "lmtp" && !s.takesMail() {
		return &target.UnreachableError{Server: s.name, Service: service, Err: errConnectionRefused}
	}
	return nil
}
