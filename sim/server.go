package sim

import (
	"context"
	"errors"
	"fmt"
	"time"

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
	lastPID   int        // no process gets the id of an earlier one
	life      int        // counts starts, so that a session knows its own
	tookLeave bool       // it was stopped in order when it was last up, and said so to its clients
	draining  bool       // users are let out, replication goes on
	quiet     bool       // what is done is not logged for replication
	link      target.Link
	garbled   bool          // not sync_server answers at its port, but something of no meaning
	offset    time.Duration // of its clock
	client    *syncClient
	notes     []logEntry // what a commit has yet to note for replication
	noteRoom  []logEntry // in which they are
	rooting   rooting
	syslog    []byte
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

// start brings up the processes that the server's role asks for.
func (s *server) start() {
	s.life++
	s.client, s.garbled = nil, false
	s.spawn("master", serviceIMAP.process(), serviceSync.process(), serviceSieve.process())
	if s.role != target.RoleRescued && !s.draining { // a rescued server has no lmtpd
		s.spawn(serviceLMTP.process())
	}
	s.logf("master: process started, as %s", s.role)
	if s.role == target.RoleMaster && s.peer != nil {
		s.client = newSyncClient(s)
	}
}

// kill ends all processes at once. The disk stays as it is.
func (s *server) kill() {
	s.processes, s.client, s.tookLeave = nil, nil, false
	s.logNotes() // which came before the answer that its user got
	s.rooting = rooting{}
	s.pair.tracef("%s is down", s.name)
}

// logf writes a line of syslog.
func (s *server) logf(format string, args ...any) {
	w, now := s.pair.world, s.clock()
	from := len(w.said)
	w.said = fmt.Appendf(append(append(w.said, s.name...), " cyrus/"...), format, args...)
	w.trace = append(w.trace, traced{now, len(w.said)})
	s.syslog = append(now.AppendFormat(s.syslog, whenTraced), w.said[from:]...)
	s.syslog = append(s.syslog, '\n')
}

// service is what a client connects to. Its value is the name that errors carry.
type service string

const (
	serviceIMAP  service = "imap"
	serviceLMTP  service = "lmtp"
	serviceSync  service = "sync"
	serviceSieve service = "sieve"
)

// process returns the name of the process that serves it.
func (s service) process() string {
	switch s {
	case serviceIMAP:
		return "imapd"
	case serviceLMTP:
		return "lmtpd"
	case serviceSieve:
		return "timsieved"
	default:
		return "sync_server"
	}
}

var (
	errConnectionRefused = errors.New("connection refused")
	errConnectionLost    = errors.New("connection lost")
	errGarbled           = errors.New("greeting: answer not understood")
)

// patience is how long a client waits for an answer. Deadlines of contexts are in
// real time, which does not pass here, so the simulator brings its own.
const patience = 10 * time.Second

// errNoAnswer is what such a client ends with.
var errNoAnswer = fmt.Errorf("no answer within %s: %w", patience, context.DeadlineExceeded)

// connect reaches a service of the server, which takes a moment. The kernel
// takes connections also for a process that is stopped; then no greeting comes.
func (s *server) connect(ctx context.Context, to service) error {
	if err := s.pair.takes(ctx, connectTime); err != nil {
		return err
	}
	unreachable := func(err error) error {
		return &target.UnreachableError{Server: s.name, Service: string(to), Err: err}
	}
	if s.refuses(to) {
		return unreachable(errConnectionRefused)
	}
	if to == serviceSync && s.garbled {
		return unreachable(errGarbled)
	}
	life := s.life
	if err := s.waitFor(ctx, to); err != nil {
		return unreachable(err)
	}
	if !s.up() || s.life != life {
		return unreachable(errConnectionLost)
	}
	return nil
}

// waitFor waits until the service's process runs, as long as a client has
// patience.
func (s *server) waitFor(ctx context.Context, of service) error {
	const pause = 100 * time.Millisecond
	for waited := time.Duration(0); s.stopped(of.process()); waited += pause {
		if waited >= patience {
			return errNoAnswer
		}
		if err := s.pair.Sleep(ctx, pause); err != nil {
			return err
		}
	}
	return nil
}

// work lets a command take about d, until just before its effect.
func (s *server) work(ctx context.Context, life int, of service, command request, d time.Duration) error {
	if err := s.pair.takes(ctx, d); err != nil {
		return err
	}
	if err := s.waitFor(ctx, of); err != nil {
		return fmt.Errorf("%s: %s: %w", command, s.name, err)
	}
	if err := s.stillUp(life, command); err != nil {
		return err
	}
	return s.readsList(of, command)
}

// stillUp fails where the server has died since: nobody answers any more, and
// what was asked may or may not have been done.
func (s *server) stillUp(life int, command request) error {
	if !s.up() || s.life != life {
		return lost(command, s.name)
	}
	return nil
}

func lost(command request, server target.ServerName) error {
	return fmt.Errorf("%s: connection to %s lost before the answer came", command, server)
}

// answer lets the server's answer travel: what is asked for takes effect before
// its client knows.
func (s *server) answer(ctx context.Context, life int, of service, command request) error {
	if err := s.pair.takes(ctx, connectTime); err != nil {
		return err
	}
	if err := s.waitFor(ctx, of); err != nil {
		return fmt.Errorf("%s: %s: %w", command, s.name, err)
	}
	return s.stillUp(life, command)
}
