package sim

import "strings"

// How the master process tells of a process that has ended: by an assertion
// (EX_SOFTWARE), by the C library, by SIGKILL, or by a pointer to nothing.
const (
	assertedText = "exited, status 70"
	abortedText  = "signaled to death by signal 6 (Aborted)"
	killedText   = "signaled to death by signal 9 (Killed)"
	segfaultText = "signaled to death by signal 11 (Segmentation fault)"
)

// fatal is the end of the process that serves a client, by an assertion: it says so
// itself, and the master process after it.
func (s *server) fatal(of service, lastWords string) {
	if of == serviceLMTP {
		lastWords = strings.Replace(lastWords, "Fatal error: ", "FATAL: ", 1) // lmtpd's own way
	}
	s.logf("%s[%d]: %s", of, s.pidOf(of.process()), lastWords)
	s.reaped(of, assertedText)
}

// reaped is what the master process says of a service's process that has ended as
// none should.
func (s *server) reaped(of service, how string) {
	s.logf("master: process type:SERVICE name:%s path:/usr/lib/cyrus/bin/%s pid:%d %s", of, of.process(), s.pidOf(of.process()), how)
}

// syncServerDies is the end of sync_server by an assertion, and what its client makes
// of it.
func (s *server) syncServerDies(lastWords string) error {
	s.fatal(serviceSync, lastWords)
	return syncServerCrash
}

// pidOf is the process id of the process of that name; 0 where there is none.
func (s *server) pidOf(process string) int {
	if p := s.process(process); p != nil {
		return p.pid
	}
	return 0
}

// serviceOf is the service that processes of that name serve; a process of none is
// called by its own name.
func serviceOf(process string) service {
	for _, of := range []service{serviceIMAP, serviceLMTP, serviceSync, serviceSieve} {
		if of.process() == process {
			return of
		}
	}
	return service(process)
}

// refusal is [visit.trouble], which the process that tried to open the mailbox logs.
func (v *visit) refusal(of string) string {
	text := v.trouble()
	if text != "" {
		v.server.logf("%s: IOERROR: %s failed: mailbox=<%s> error=<%s>", of, v.failedStep(), v.entry.name, text)
	}
	return text
}

// failedStep is how far a process got that could not open the mailbox, in Cyrus's words.
func (v *visit) failedStep() string {
	switch {
	case v.folder == nil:
		return "opening index"
	case v.folder.headerGone:
		return "read header"
	case v.index().state == indexEmpty:
		return "lock index"
	case v.index().state == indexCut:
		return "refreshing index"
	}
	return "opening index"
}

// cannotWrite logs that a disk takes no writes, or has no room, for whoever tries.
func (s *server) cannotWrite(of string) {
	reason := "Read-only file system"
	if s.disk.full && !s.disk.readOnly {
		reason = "No space left on device"
	}
	s.logf("%s: IOERROR: write failed: error=<%s> syserror=<%s>", of, textIOError, reason)
}

// seenError says why no account whose seen state is so can be asked for.
func (s *server) seenError(account string) error {
	if a, ok := s.disk.accounts[account]; ok && a.seenBroken {
		return s.syncServerDies(fatalSeen)
	}
	return nil
}

// tellError says why the mailbox, and an account that has it, cannot be told of.
func (v *visit) tellError() error {
	if err := v.syncError(string(serviceSync)); err != nil {
		return err
	}
	if v.index().rotten() {
		return v.server.syncServerDies(fatalRecord)
	}
	return nil
}
