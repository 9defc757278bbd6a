package wire

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Protocol is one whose conversations can be put under TLS after they have begun.
type Protocol int

// The protocols of a Cyrus server.
const (
	ProtocolIMAP Protocol = iota
	ProtocolLMTP
	ProtocolSieve
	ProtocolSync
)

// maxPlainLine bounds a line of what is said before TLS, and maxPlainLines how many there
// are: whoever says more is no server of these.
const (
	maxPlainLine  = 8 << 10
	maxPlainLines = 64
)

// StartTLS reads the server's greeting, asks for TLS and returns the connection under it,
// on which the server seems to greet anew, as [NewIMAP] and its like expect: nothing that
// was said before is believed. It owns conn from here on, also when it fails.
//
// A server that knows no TLS is refused: going on without would tell the password to
// whoever stands between.
func StartTLS(ctx context.Context, conn net.Conn, protocol Protocol, config *tls.Config) (net.Conn, error) {
	stop := closeAtEnd(ctx, conn)
	defer stop()
	secured, err := startTLS(ctx, conn, protocol, config)
	if err != nil {
		_ = conn.Close()
		return nil, because(ctx, err)
	}
	return secured, nil
}

func startTLS(ctx context.Context, conn net.Conn, protocol Protocol, config *tls.Config) (net.Conn, error) {
	plain := plainTalk{in: bufio.NewReaderSize(conn, maxPlainLine), out: conn}
	if err := plain.begin(protocol); err != nil {
		return nil, err
	}
	if plain.in.Buffered() > 0 {
		return nil, errors.New("STARTTLS: the server said more before TLS than its answer, which may be somebody else's doing")
	}
	secured := tls.Client(conn, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	switch protocol {
	case ProtocolIMAP:
		return greetedAnew(secured, "* OK TLS\r\n"), nil
	case ProtocolLMTP:
		return greetedAnew(secured, "220 TLS\r\n"), nil
	default: // these greet anew themselves (RFC 5804, section 2.2)
		return secured, nil
	}
}

// plainTalk is what is said before TLS.
type plainTalk struct {
	in  *bufio.Reader
	out io.Writer
}

// begin goes as far as the answer to STARTTLS.
func (p plainTalk) begin(protocol Protocol) error {
	switch protocol {
	case ProtocolIMAP:
		if err := p.await("greeting", "* OK"); err != nil {
			return err
		}
		return p.command("t STARTTLS", "t OK")
	case ProtocolLMTP:
		if err := p.await("greeting", "220 "); err != nil {
			return err
		}
		if err := p.command("LHLO localhost", "250 "); err != nil {
			return err
		}
		return p.command("STARTTLS", "220 ")
	case ProtocolSieve:
		if err := p.await("greeting", "OK"); err != nil {
			return err
		}
		return p.command("STARTTLS", "OK")
	default:
		if err := p.await("greeting", "* OK"); err != nil {
			return err
		}
		return p.command("STARTTLS", "OK")
	}
}

func (p plainTalk) command(text, wanted string) error {
	if _, err := io.WriteString(p.out, text+"\r\n"); err != nil {
		return fmt.Errorf("STARTTLS: %w", err)
	}
	return p.await(text, wanted)
}

// await reads lines up to the one that begins as wanted, or says no.
func (p plainTalk) await(command, wanted string) error {
	for range maxPlainLines {
		line, err := p.in.ReadSlice('\n')
		if err != nil {
			return fmt.Errorf("%s: reading the answer: %w", command, err)
		}
		text := strings.TrimRight(string(line), "\r\n")
		if strings.HasPrefix(text, wanted) {
			return nil
		}
		if status, rest, no := plainRefusal(text); no {
			return &target.RefusedError{Command: strings.TrimPrefix(command, "t "), Status: status, Text: rest}
		}
	}
	return fmt.Errorf("%s: no answer in %d lines", command, maxPlainLines)
}

// plainRefusal takes a line apart that is a server's no, in whatever protocol.
func plainRefusal(line string) (status, text string, no bool) {
	line = strings.TrimPrefix(strings.TrimPrefix(line, "t "), "* ")
	status, text, _ = strings.Cut(line, " ")
	switch status {
	case "NO", "BAD", "BYE":
		return status, text, true
	}
	isReply := len(status) == 3 && (status[0] == '4' || status[0] == '5')
	return status, text, isReply
}

// greeted is a connection on which a greeting is read that the server does not send
// again.
type greeted struct {
	net.Conn
	in io.Reader
}

func greetedAnew(conn net.Conn, greeting string) net.Conn {
	return &greeted{conn, io.MultiReader(strings.NewReader(greeting), conn)}
}

// Read implements [net.Conn].
func (g *greeted) Read(p []byte) (int, error) { return g.in.Read(p) }

// SecureTLS puts a connection under TLS at once. It owns conn from here on, also when it
// fails.
func SecureTLS(ctx context.Context, conn net.Conn, config *tls.Config) (net.Conn, error) {
	secured := tls.Client(conn, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, because(ctx, err)
	}
	return secured, nil
}
