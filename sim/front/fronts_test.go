package front_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/wire"
	"github.com/cyrdrill/cyrdrill/sim"
	"github.com/cyrdrill/cyrdrill/sim/front"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	adminUser     = "admin"
	adminPassword = "front-secret"
	soon          = 10 * time.Second // bounds every wait
)

func open(t *testing.T, accounts ...string) *front.Fronts {
	t.Helper()
	pair, err := sim.NewPair(t.Context(), target.Spec{Seed: 7, Accounts: accounts})
	noError(t, err)
	f, err := front.Open(context.Background(), pair, front.Options{Admin: adminUser, Password: adminPassword})
	noError(t, err)
	t.Cleanup(func() { noError(t, f.Close()) })
	return f
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// dial connects to a service, whose connection ends with the test.
func dial(t *testing.T, f *front.Fronts, server target.ServerName, service front.Service) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", f.Address(server, service))
	noError(t, err)
	noError(t, conn.SetDeadline(time.Now().Add(soon)))
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// act lets somebody do something to the pair.
func act[T any](t *testing.T, f *front.Fronts, do func(*sim.Pair) (T, error)) {
	t.Helper()
	f.Do(func(p *sim.Pair) {
		if _, err := do(p); err != nil {
			t.Error(err)
		}
	})
}

func kill(t *testing.T, f *front.Fronts, server target.ServerName) {
	t.Helper()
	act(t, f, func(p *sim.Pair) (target.Evidence, error) { return p.Saboteur().KillServer(t.Context(), server) })
}

func greeted(conn net.Conn, within time.Duration) error {
	_ = conn.SetReadDeadline(time.Now().Add(within))
	_, err := conn.Read(make([]byte, 512))
	return err
}

func TestKilledServerRefusesAndComesBack(t *testing.T) {
	f := open(t, "alice")
	var open []net.Conn
	for _, service := range front.Services() {
		conn := dial(t, f, target.Imap1, service)
		noError(t, greeted(conn, soon))
		open = append(open, conn)
	}
	other := dial(t, f, target.Imap2, front.ServiceSieve)
	noError(t, greeted(other, soon))
	kill(t, f, target.Imap1)
	for i, service := range front.Services() {
		if conn, err := net.Dial("tcp", f.Address(target.Imap1, service)); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("%s of a killed server: %v, %v; want it refused", service, conn, err)
		}
		if err := greeted(open[i], soon); err == nil || errors.Is(err, context.DeadlineExceeded) || isTimeout(err) {
			t.Errorf("%s: a connection that was open: %v; want it cut", service, err)
		}
	}
	act(t, f, func(p *sim.Pair) (struct{}, error) {
		return struct{}{}, p.Operator().Start(t.Context(), target.Imap1)
	})
	for _, service := range front.Services() {
		noError(t, greeted(dial(t, f, target.Imap1, service), soon))
	}
	if _, err := other.Write([]byte("NOOP\r\n")); err != nil {
		t.Error(err)
	}
	if err := greeted(other, soon); err != nil {
		t.Errorf("the other server's connection: %v", err)
	}
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

func TestHungServerTakesConnectionsAndSaysNothing(t *testing.T) {
	f := open(t, "alice")
	act(t, f, func(p *sim.Pair) (target.Evidence, error) {
		return p.Saboteur().(target.ServerHanger).Hang(t.Context(), target.Imap1)
	})
	var waiting []net.Conn
	for _, service := range front.Services() {
		conn := dial(t, f, target.Imap1, service)
		if err := greeted(conn, 150*time.Millisecond); !isTimeout(err) {
			t.Errorf("%s of a hung server: %v; want silence", service, err)
		}
		waiting = append(waiting, conn)
	}
	act(t, f, func(p *sim.Pair) (target.Evidence, error) {
		return p.Saboteur().(target.ServerHanger).Unhang(t.Context(), target.Imap1)
	})
	for i, conn := range waiting {
		if err := greeted(conn, soon); err != nil {
			t.Errorf("%s after the server goes on: %v", front.Services()[i], err)
		}
	}
}

func TestPortsThatCannotBeHad(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	noError(t, err)
	defer func() { _ = taken.Close() }()
	for port, want := range map[int]string{
		taken.Addr().(*net.TCPAddr).Port: "address already in use", 65535: "are not all between", -1: "are not all between",
	} {
		pair, err := sim.NewPair(t.Context(), target.Spec{Seed: 7})
		noError(t, err)
		if _, err = front.Open(t.Context(), pair, front.Options{BasePort: port}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("base port %d: %v, want %q", port, err, want)
		}
	}
}

func sieve(t *testing.T, f *front.Fronts, server target.ServerName, login wire.Login) (*wire.Sieve, error) {
	t.Helper()
	s, err := wire.NewSieve(t.Context(), dial(t, f, server, front.ServiceSieve), wire.Peer{Server: server, Service: "sieve"}, login)
	if err == nil {
		t.Cleanup(func() { _ = s.Close() })
	}
	return s, err
}

// go-imap's server knows neither SYNCGET nor QRESYNC, and does not announce them: who
// wants them is refused before anything is sent.
func TestIMAPHasNoSyncGetAndNoQRESYNC(t *testing.T) {
	f := open(t, "alice")
	login := wire.Login{Admin: adminUser, Password: adminPassword}
	peer := wire.Peer{Server: target.Imap1, Service: "imap"}
	_, err := wire.NewSyncByIMAP(t.Context(), dial(t, f, target.Imap1, front.ServiceIMAP), peer, login)
	if err == nil || !strings.Contains(err.Error(), "does not announce X-REPLICATION") {
		t.Errorf("SYNCGET as the administrator: %v", err)
	}
	login.Account = "alice"
	_, err = wire.NewSyncByIMAP(t.Context(), dial(t, f, target.Imap1, front.ServiceIMAP), peer, login)
	if err == nil || !strings.Contains(err.Error(), "does not announce X-REPLICATION") {
		t.Errorf("SYNCGET: %v", err)
	}
	c, err := wire.NewIMAP(t.Context(), dial(t, f, target.Imap1, front.ServiceIMAP), peer, login)
	noError(t, err)
	if _, err = c.Resync(t.Context(), "INBOX", target.Known{UIDValidity: 1, ModSeq: 1}); err == nil || !strings.Contains(err.Error(), "does not announce QRESYNC") {
		t.Errorf("QRESYNC: %v", err)
	}
	noError(t, c.Close())
}
