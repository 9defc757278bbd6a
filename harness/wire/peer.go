package wire

import (
	"context"
	"encoding/base64"
	"errors"
	"net"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// farewell bounds how long leave is taken of a server that may be gone.
const farewell = time.Second

// Peer names the other end of a connection, for errors.
type Peer struct {
	Server  target.ServerName
	Service string
}

// Unreachable says that nothing was sent to the peer, or nothing whole.
func (p Peer) Unreachable(err error) error {
	return &target.UnreachableError{Server: p.Server, Service: p.Service, Err: err}
}

// notConnected says of a failed greeting or login that no connection came
// about, unless the server itself said no.
func (p Peer) notConnected(err error) error {
	if target.OutcomeOf(err) == target.Refused {
		return err
	}
	return p.Unreachable(err)
}

// Login is who logs in, and as whom.
type Login struct {
	Admin, Password string
	Account         string // whom to act as; empty: the administrator
}

// plain returns the response of SASL PLAIN in base64.
func (l Login) plain() string {
	return base64.StdEncoding.EncodeToString([]byte(l.Account + "\x00" + l.Admin + "\x00" + l.Password))
}

// closeAtEnd closes the connection as soon as the context ends, which wakes
// whoever reads or writes, whatever kind of connection it is. The caller stops
// the watch when the operation is over.
func closeAtEnd(ctx context.Context, conn net.Conn) (stop func()) {
	cancel := context.AfterFunc(ctx, func() { _ = conn.Close() })
	return func() { cancel() }
}

// because returns the context's error where that has ended, since what
// happened to the connection then is a mere consequence, and err otherwise.
func because(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// doubtful is an error of one part of an operation, when another has taken
// effect: what it says of itself does not hold for the whole, so it can be
// compared with and not taken apart.
type doubtful struct{ error }

func (d doubtful) Is(other error) bool { return errors.Is(d.error, other) }
