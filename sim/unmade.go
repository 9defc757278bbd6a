package sim

import "github.com/cyrdrill/cyrdrill/harness/target"

// fatalNamespace are the last words of a process that could not make a mailbox and, to
// take its entry back, wants a lock that it does not hold.
const fatalNamespace = "Fatal error: Internal error: assertion failed: imap/mboxlist.c: 1095: user_isnamespacelocked(userid)"

// making says what becomes of a process that is to make a mailbox where the disk
// does not let it.
type making int

const (
	canMake     making = iota // the disk lets it
	makeRefused               // it says so to its client
	makeFatal                 // an assertion fails, and it says so to its client
	makeAborted               // its memory is spoilt, and the C library ends it
)

// makes says, and logs, what comes of making a mailbox.
func (s *server) makes(of service) making {
	switch {
	case s.disk.readOnly && s.pair.version.unmadeCrash:
		s.cannotWrite(string(of))
		s.fatal(of, fatalNamespace)
		return makeFatal
	case s.disk.readOnly:
		s.cannotWrite(string(of))
		return makeRefused
	case s.disk.full:
		s.cannotWrite(string(of))
		s.reaped(of, abortedText)
		return makeAborted
	}
	return canMake
}

// mayMake is [server.makes] for a command of a session, which ends with its process.
func (s *session) mayMake(command request) error {
	switch s.makes(serviceIMAP) {
	case canMake:
		return nil
	case makeRefused:
		return no(command, "", textIOError)
	}
	s.dead = true
	return lost(command, s.name)
}

// mayLogIn is [server.makes] for who logs in by ManageSieve and has no mailbox for scripts
// yet: that is made then.
func (s *scriptSession) mayLogIn() error {
	command := request{verb: "AUTHENTICATE PLAIN"}
	if s.disk.list.owned(s.account, sieveMailbox) != nil {
		return nil
	}
	switch s.makes(serviceSieve) {
	case makeRefused:
		return no(command, "", "Authentication Error")
	case makeFatal:
		return &target.RefusedError{Command: command.String(), Status: "BYE", Text: fatalNamespace}
	case makeAborted:
		return &target.UnreachableError{Server: s.name, Service: string(serviceSieve), Err: lost(command, s.name)}
	}
	return nil
}

// mayMakeSynced is [server.makes] for sync_server, and what its client makes of that.
func (s *server) mayMakeSynced() error {
	switch s.makes(serviceSync) {
	case makeRefused:
		return syncIOError
	case makeFatal:
		return syncServerCrash
	case makeAborted:
		return syncAborted
	}
	return nil
}
