package fieldtest

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/field"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim/front"
)

// Certificate makes one for localhost that verifies itself, and writes it to the file
// "ca.pem" beside the lab's configuration, from where a configuration may name it.
func (l *Lab) Certificate(t testing.TB) tls.Certificate {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	must(err)
	must(os.WriteFile(filepath.Join(l.folder, "ca.pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// Secure opens a door before a service that speaks TLS: at once, or once asked for. It
// returns its address, on localhost.
func (l *Lab) Secure(t testing.TB, server target.ServerName, service front.Service, mode field.Mode, own tls.Certificate) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	d := door{service, mode, own, l.Address(server, service)}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go d.attend(conn)
		}
	}()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	return net.JoinHostPort("localhost", port)
}

// door lets clients in under TLS.
type door struct {
	service front.Service
	mode    field.Mode
	own     tls.Certificate
	inside  string
}

// before is what is said before TLS, in each protocol: the greeting, what is answered to
// LHLO, and what to STARTTLS.
var before = map[front.Service][3]string{
	front.ServiceIMAP:  {"* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] hello", "", "t OK Begin TLS negotiation now"},
	front.ServiceLMTP:  {"220 hello", "250-hello\r\n250 STARTTLS", "220 2.0.0 Begin TLS negotiation now"},
	front.ServiceSieve: {"\"SIEVE\" \"fileinto\"\r\n\"STARTTLS\"\r\nOK hello", "", "OK \"Begin TLS negotiation now\""},
	front.ServiceSync:  {"* STARTTLS\r\n* OK hello", "", "OK Begin TLS negotiation now"},
}

func (d door) attend(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	if d.mode == field.StartTLS && !d.begin(conn) {
		return
	}
	secured := tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{d.own}})
	inside, err := net.Dial("tcp", d.inside)
	if err != nil {
		return
	}
	defer func() { _ = inside.Close() }()
	said := bufio.NewReader(inside)
	if d.mode == field.StartTLS && (d.service == front.ServiceIMAP || d.service == front.ServiceLMTP) {
		if _, err := said.ReadString('\n'); err != nil { // these greet but once
			return
		}
	}
	go func() {
		_, _ = io.Copy(inside, secured)
		_ = inside.Close()
	}()
	_, _ = io.Copy(secured, said)
}

// begin holds the conversation up to where TLS begins.
func (d door) begin(conn net.Conn) bool {
	lines := before[d.service]
	if _, err := io.WriteString(conn, lines[0]+"\r\n"); err != nil {
		return false
	}
	in := bufio.NewReader(conn)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return false
		}
		answer := lines[1]
		asked := strings.HasSuffix(strings.TrimSpace(line), "STARTTLS")
		if asked {
			answer = lines[2]
		}
		if _, err := io.WriteString(conn, answer+"\r\n"); err != nil || asked {
			return err == nil
		}
	}
}
