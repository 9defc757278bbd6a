package field

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/view"
	"github.com/cyrdrill/cyrdrill/harness/wire"
	"github.com/cyrdrill/cyrdrill/harness/wire/prompt"
)

// connectWithin bounds how long it takes until TLS stands.
const connectWithin = 20 * time.Second

// protocols are the services' own ways to begin TLS.
var protocols = map[view.Service]wire.Protocol{
	view.IMAP: wire.ProtocolIMAP, view.LMTP: wire.ProtocolLMTP, view.Sieve: wire.ProtocolSieve, view.Sync: wire.ProtocolSync,
}

// dialer connects to one server's services.
type dialer struct {
	config ServerConfig
	roots  *x509.CertPool
	within time.Duration // how long the server may say nothing while somebody listens
}

// Dial implements [view.Dialer]. Where the service is to be secured it is when Dial
// returns, and its certificate has been verified.
func (d dialer) Dial(ctx context.Context, service view.Service) (net.Conn, error) {
	at, ok := d.config.Services[service]
	if !ok {
		return nil, &target.UnsupportedError{Target: string(d.config.Name), What: string(service), Why: "its configuration has no address for it"}
	}
	ctx, cancel := context.WithTimeout(ctx, connectWithin)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", at.Address)
	if err != nil {
		return nil, err
	}
	conn = &patient{prompt.Conn(conn), d.within}
	switch at.Mode {
	case Plain:
		return conn, nil
	case Implicit:
		return wire.SecureTLS(ctx, conn, d.tls(at))
	default:
		return wire.StartTLS(ctx, conn, protocols[service], d.tls(at))
	}
}

func (d dialer) tls(at Service) *tls.Config {
	name := d.config.TLS.ServerName
	if name == "" {
		name, _, _ = net.SplitHostPort(at.Address)
	}
	return &tls.Config{RootCAs: d.roots, ServerName: name, MinVersion: tls.VersionTLS12}
}

// patient is a connection on which nobody waits for ever.
type patient struct {
	net.Conn
	within time.Duration
}

// Read implements [net.Conn].
func (p *patient) Read(b []byte) (int, error) {
	if err := p.SetReadDeadline(time.Now().Add(p.within)); err != nil {
		return 0, err
	}
	return p.Conn.Read(b)
}
