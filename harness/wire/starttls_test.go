package wire

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// certificate is one for "imap1.example.org", and what verifies it.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"imap1.example.org"}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// plainServer says the lines that begin with S and hears those that begin with C, then
// goes on under TLS, where it says what comes then.
func plainServer(t *testing.T, conn net.Conn, own tls.Certificate, lines []string, then string) {
	in := bufio.NewReader(conn)
	for _, line := range lines {
		text := line[3:] + "\r\n"
		if line[0] == 'S' {
			if _, err := io.WriteString(conn, text); err != nil {
				return
			}
			continue
		}
		if heard, err := in.ReadString('\n'); err != nil || heard != text {
			t.Errorf("the client said %q (%v), want %q", heard, err, text)
			return
		}
	}
	secured := tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{own}})
	_, _ = io.WriteString(secured, then)
}

func TestStartTLSInEachProtocol(t *testing.T) {
	own, pool := certificate(t)
	for _, test := range []struct {
		protocol    Protocol
		lines       []string
		then, heard string
	}{
		{ProtocolIMAP, []string{"S: * OK [CAPABILITY IMAP4rev1 STARTTLS] hello", "C: t STARTTLS", "S: t OK Begin TLS negotiation now"}, "more\r\n", "* OK TLS\r\n"},
		{ProtocolLMTP, []string{"S: 220 hello", "C: LHLO localhost", "S: 250-imap1", "S: 250-STARTTLS", "S: 250 PIPELINING", "C: STARTTLS", "S: 220 2.0.0 go"}, "more\r\n", "220 TLS\r\n"},
		{ProtocolSieve, []string{`S: "SIEVE" "fileinto"`, `S: "STARTTLS"`, "S: OK hello", "C: STARTTLS", `S: OK "Begin TLS negotiation now"`}, "OK anew\r\n", "OK anew\r\n"},
		{ProtocolSync, []string{"S: * SASL PLAIN", "S: * STARTTLS", "S: * OK imap1 Cyrus sync server", "C: STARTTLS", "S: OK Begin TLS negotiation now"}, "* OK anew\r\n", "* OK anew\r\n"},
	} {
		client, server := net.Pipe()
		go plainServer(t, server, own, test.lines, test.then)
		secured, err := StartTLS(t.Context(), client, test.protocol, &tls.Config{RootCAs: pool, ServerName: "imap1.example.org"})
		if err != nil {
			t.Errorf("protocol %d: %v", test.protocol, err)
			continue
		}
		if heard, err := bufio.NewReader(secured).ReadString('\n'); heard != test.heard {
			t.Errorf("protocol %d: under TLS is read %q (%v), want %q", test.protocol, heard, err, test.heard)
		}
		_ = client.Close()
		_ = server.Close()
	}
}

func TestStartTLSGoesNoFurtherWithout(t *testing.T) {
	own, pool := certificate(t)
	config := &tls.Config{RootCAs: pool, ServerName: "imap1.example.org"}
	for what, test := range map[string]struct {
		lines  []string
		config *tls.Config
		wrong  func(error) bool
	}{
		"a server that knows none": {
			[]string{"S: * OK hello", "C: t STARTTLS", "S: t BAD Unrecognized command"}, config,
			func(err error) bool {
				var refused *target.RefusedError
				return errors.As(err, &refused) && refused.Status == "BAD"
			},
		},
		"a server that says too much": {
			[]string{"S: * OK hello", "C: t STARTTLS", "S: t OK go\r\n* CAPABILITY LOGIN"}, config,
			func(err error) bool { return err != nil && strings.Contains(err.Error(), "more before TLS") },
		},
		"a certificate of another name": {
			[]string{"S: * OK hello", "C: t STARTTLS", "S: t OK go"}, &tls.Config{RootCAs: pool, ServerName: "imap2.example.org"},
			func(err error) bool {
				var wrong *tls.CertificateVerificationError
				return errors.As(err, &wrong)
			},
		},
	} {
		client, server := net.Pipe()
		go plainServer(t, server, own, test.lines, "")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		if _, err := StartTLS(ctx, client, ProtocolIMAP, test.config); !test.wrong(err) {
			t.Errorf("%s: %v", what, err)
		}
		cancel()
		_ = server.Close()
	}
}
