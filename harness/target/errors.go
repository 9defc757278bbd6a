package target

import (
	"errors"
	"fmt"
)

// RefusedError is a server's definite no: the operation did not take effect.
type RefusedError struct {
	Command string // what was asked: "APPEND INBOX"
	Status  string // "NO", "BAD", "BYE", or an LMTP reply code: "550"
	Code    string // IMAP response code without brackets, or empty
	Text    string
}

func (e *RefusedError) Error() string {
	if e.Code == "" {
		return fmt.Sprintf("%s: refused: %s %s", e.Command, e.Status, e.Text)
	}
	return fmt.Sprintf("%s: refused: %s [%s] %s", e.Command, e.Status, e.Code, e.Text)
}

// UntoldCopyError says that a server answered OK to a COPY or a MOVE and did not name
// what it has copied: the messages are not there any more, of which neither command takes
// notice (RFC 9051, 6.4.9), or they went where the user may not read (RFC 4315, 3). It
// leaves the operation in doubt.
type UntoldCopyError struct {
	Command string // "UID MOVE"
}

func (e *UntoldCopyError) Error() string { return e.Command + ": OK, and nothing is said to be copied" }

// UnreachableError says that no connection came about, so nothing was sent.
type UnreachableError struct {
	Server  ServerName
	Service string // "imap", "lmtp", "sync", "sieve"
	Err     error
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("%s: %s not reachable: %v", e.Server, e.Service, e.Err)
}

func (e *UnreachableError) Unwrap() error { return e.Err }

// UnsupportedError says that a target has no such thing as was asked for, so
// nothing was done. That is a limit of the target and tells nothing of Cyrus.
type UnsupportedError struct {
	Target string // "the simulator"
	What   string // "ManageSieve"
	Why    string // "its configuration names no host"; empty: it is not modelled
}

func (e *UnsupportedError) Error() string {
	if e.Why != "" {
		return fmt.Sprintf("of %s there is no %s: %s", e.Target, e.What, e.Why)
	}
	return fmt.Sprintf("%s does not model %s yet", e.Target, e.What)
}

// SetupError is something about the machine or the input that the user can
// mend: no Docker engine, no image. It ends the command with status 2.
type SetupError struct {
	Problem string // one line
	Mend    string // the command or the change that mends it, one line
	Err     error  // may be nil
}

func (e *SetupError) Error() string {
	text := e.Problem
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	if e.Mend != "" {
		text += "; to mend it: " + e.Mend
	}
	return text
}

func (e *SetupError) Unwrap() error { return e.Err }

// Outcome is what a client knows about an operation that it sent.
type Outcome string

const (
	// Acknowledged: the server said OK. From here on it is a promise.
	Acknowledged Outcome = "acknowledged"
	// Refused: the server said no, was never reached, or cannot be asked.
	Refused Outcome = "refused"
	// InDoubt: it was sent, and the answer never came.
	InDoubt Outcome = "in-doubt"
)

// OutcomeOf turns what an operation of a [Session] or a [UserView] returned
// into what the client knows about it.
func OutcomeOf(err error) Outcome {
	if err == nil {
		return Acknowledged
	}
	var refused *RefusedError
	var unreachable *UnreachableError
	var unsupported *UnsupportedError
	switch {
	case errors.As(err, &refused), errors.As(err, &unreachable), errors.As(err, &unsupported):
		return Refused
	default:
		return InDoubt
	}
}
