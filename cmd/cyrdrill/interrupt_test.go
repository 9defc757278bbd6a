package main

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/cyrus/cyrustest"
	"github.com/cyrdrill/cyrdrill/harness/property"
)

// runUntil starts a drill on Docker and calls then once a line of its output
// starts with prefix; it returns when the drill has ended, with what it
// printed after that and its complaints.
func runUntil(t *testing.T, c *exec.Cmd, prefix string, then func()) (rest, complaints string) {
	t.Helper()
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var errors bytes.Buffer
	c.Stderr = &errors
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("no line with %q: %v\n%s", prefix, err, errors.String())
		}
		if strings.HasPrefix(strings.TrimSpace(line), prefix) {
			break
		}
	}
	then()
	text, err := io.ReadAll(lines)
	if err != nil {
		t.Error(err)
	}
	_ = c.Wait() // its exit status is looked at by the test
	return string(text), errors.String()
}

// Ctrl-C: clean up, write the report of what was done, exit 130.
func TestInterruptCleansUpAndReports(t *testing.T) {
	cyrustest.Need(t)
	c := command(t, "run", "unreplicated-mail", "--target", "docker")
	ofOneSession(c)
	rest, complaints := runUntil(t, c, "1/17", func() {
		if err := c.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
	})
	if got := c.ProcessState.ExitCode(); got != statusInterrupted {
		t.Errorf("exit status %d, want %d\n%s%s", got, statusInterrupted, rest, complaints)
	}
	result := resultIn(t, c)
	if result.Verdict != property.Unknown || !result.Interrupted || result.Steps[0].Status != "done" {
		t.Errorf("verdict %s, interrupted %v, first step %+v", result.Verdict, result.Interrupted, result.Steps[0])
	}
	if !strings.Contains(rest, "UNKNOWN, interrupted") {
		t.Errorf("printed: %s", rest)
	}
	wantNoneLeft(t, c)
}

// engineProxy stands between the harness and the engine, and can die.
type engineProxy struct {
	socket   string // of the real engine
	listener net.Listener
	mu       sync.Mutex
	open     []net.Conn
}

func newEngineProxy(t *testing.T) *engineProxy {
	t.Helper()
	engine := strings.TrimPrefix(os.Getenv("DOCKER_HOST"), "unix://")
	if engine == "" {
		engine = "/var/run/docker.sock"
	}
	listener, err := net.Listen("unix", filepath.Join(t.TempDir(), "e.sock"))
	if err != nil {
		t.Fatal(err)
	}
	p := &engineProxy{socket: engine, listener: listener}
	t.Cleanup(p.die)
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("unix", engine)
			if err != nil {
				client.Close()
				continue
			}
			p.mu.Lock()
			p.open = append(p.open, client, server)
			p.mu.Unlock()
			go pipe(client, server)
			go pipe(server, client)
		}
	}()
	return p
}

func pipe(to, from net.Conn) {
	_, _ = io.Copy(to, from) // either end may close at any time
	to.Close()
	from.Close()
}

func (p *engineProxy) die() {
	p.listener.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.open {
		c.Close()
	}
}

// An engine that dies halfway: no hang, a report, verdict unknown; and the
// reaper takes away what could not be given back.
func TestEngineThatDiesHalfwayIsUnknown(t *testing.T) {
	cyrustest.Need(t)
	engine := newEngineProxy(t)
	c := command(t, "run", "unreplicated-mail", "--target", "docker")
	ofOneSession(c)
	c.Env = append(c.Env, "DOCKER_HOST=unix://"+engine.listener.Addr().String(), "TESTCONTAINERS_DOCKER_SOCKET_OVERRIDE="+engine.socket)
	rest, complaints := runUntil(t, c, "1/17", engine.die)
	if got := c.ProcessState.ExitCode(); got != statusUnknown {
		t.Errorf("exit status %d, want %d\n%s%s", got, statusUnknown, rest, complaints)
	}
	result := resultIn(t, c)
	if result.Verdict != property.Unknown || len(result.Reasons) == 0 || !strings.Contains(strings.ToLower(result.Reasons[0]), "docker") {
		t.Errorf("verdict %s, reasons %v: want unknown, and that Docker is gone", result.Verdict, result.Reasons)
	}
	wantNoneLeft(t, c)
}
