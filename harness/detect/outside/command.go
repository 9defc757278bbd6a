package outside

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Limits on a command.
const (
	// Within is how long one look may take, in real time.
	Within = 30 * time.Second
	// MostFindings is how many lines one look may print.
	MostFindings = 10_000
	// longestLine is how long one of them may be, in bytes.
	longestLine = 64 << 10
	// saidLimit is how much of the standard error is kept.
	saidLimit = 4 << 10
)

// Command is an outside command as a detector.
type Command struct {
	name, line string
	doors      Doors
	within     time.Duration
	claims     []target.Kind
}

// Doors are a pair's services on sockets, and who may use them.
type Doors struct {
	Admin, Password string
	// Open returns the addresses, and what closes them again.
	Open func(ctx context.Context) (target.Addresses, func() error, error)
}

// Parse reads "name=command".
func Parse(text string) (name, line string, err error) {
	name, line, ok := strings.Cut(text, "=")
	switch {
	case !ok || strings.TrimSpace(line) == "":
		return "", "", fmt.Errorf("%q is no detector: write name=command", text)
	case name == "" || strings.ContainsAny(name, " \t\n|,"):
		return "", "", fmt.Errorf("%q: a detector's name has neither blanks nor commas", text)
	}
	if _, taken := detect.ByName(name); taken {
		return "", "", fmt.Errorf("%q: there is a detector %s already", text, name)
	}
	return name, line, nil
}

// New makes a detector of a shell command line.
func New(name, line string, doors Doors) *Command {
	return &Command{name: name, line: line, doors: doors, within: Within}
}

// Name implements [detect.Detector].
func (c *Command) Name() string { return c.name }

// Doc implements [detect.Detector].
func (c *Command) Doc() string { return "an outside command: " + c.line }

// Promise implements [detect.Detector]: what the command has claimed when it looked
// last, or all kinds.
func (c *Command) Promise() detect.Promise {
	kinds := c.claims
	if kinds == nil {
		kinds = target.Kinds()
	}
	return detect.Promise{Kinds: kinds, Rounds: 1, Probability: 1}
}

// Detect implements [detect.Detector]. What was found before something went wrong is
// returned with the error.
func (c *Command) Detect(ctx context.Context, scene detect.Scene) (found []detect.Finding, err error) {
	addresses, closeDoors, err := c.doors.Open(ctx)
	if err != nil {
		return nil, fmt.Errorf("opening the pair's services for %s: %w", c.name, err)
	}
	defer func() { err = errors.Join(err, closeDoors()) }()
	found, err = c.run(ctx, c.environment(scene, addresses))
	for i := range found {
		found[i].Detector, found[i].FoundAt = c.name, scene.Clock.Now()
	}
	return found, err
}

func (c *Command) environment(scene detect.Scene, addresses target.Addresses) []string {
	var servers []string
	for _, side := range scene.Sides {
		servers = append(servers, string(side.Name()))
	}
	env := append(os.Environ(),
		"CYRDRILL_SERVERS="+strings.Join(servers, " "), "CYRDRILL_MASTER="+string(scene.Master),
		"CYRDRILL_ACCOUNTS="+strings.Join(scene.Accounts, " "),
		"CYRDRILL_ADMIN="+c.doors.Admin, "CYRDRILL_PASSWORD="+c.doors.Password)
	for _, server := range servers {
		for _, service := range []string{"imap", "lmtp", "sieve", "sync"} {
			env = append(env, fmt.Sprintf("CYRDRILL_%s_%s=%s", strings.ToUpper(server), strings.ToUpper(service), addresses[target.ServerName(server)][service]))
		}
	}
	return env
}

// run lets the command look once.
func (c *Command) run(ctx context.Context, env []string) ([]detect.Finding, error) {
	ctx, cancel := context.WithTimeout(ctx, c.within)
	defer cancel()
	said := &head{limit: saidLimit}
	shell := exec.CommandContext(ctx, "sh", "-c", c.line)
	shell.Env, shell.Stderr, shell.WaitDelay = env, said, time.Second
	// What it starts ends with it.
	shell.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	shell.Cancel = func() error { return syscall.Kill(-shell.Process.Pid, syscall.SIGKILL) }
	out, err := shell.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", c.name, err)
	}
	if err := shell.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", c.name, err)
	}
	found, err := c.read(out)
	if err != nil {
		cancel() // nothing more of it is read
	}
	ended := shell.Wait()
	switch {
	case err != nil:
		return found, err
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return found, fmt.Errorf("%s did not end within %s", c.name, c.within)
	case ended != nil:
		return found, fmt.Errorf("%s: %w%s", c.name, ended, said.lastLine())
	}
	return found, nil
}

// read takes what the command prints, up to the first line that is no finding.
func (c *Command) read(out io.Reader) ([]detect.Finding, error) {
	var found []detect.Finding
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, longestLine)
	for n := 1; lines.Scan(); n++ {
		text := bytes.TrimSpace(lines.Bytes())
		switch {
		case n > MostFindings:
			return found, fmt.Errorf("%s prints more than %d lines", c.name, MostFindings)
		case len(text) == 0 || text[0] == '#':
			continue
		}
		f, claims, err := parseLine(text)
		if err != nil {
			return found, fmt.Errorf("%s, line %d of what it prints: %w", c.name, n, err)
		}
		if claims != nil {
			c.claims = claims
			continue
		}
		found = append(found, f)
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return found, fmt.Errorf("%s prints a line of more than %d bytes", c.name, longestLine)
	case err != nil && !errors.Is(err, os.ErrClosed):
		return found, fmt.Errorf("reading what %s prints: %w", c.name, err)
	}
	return found, nil
}

// head keeps the first bytes that are written.
type head struct {
	limit int
	kept  []byte
}

func (h *head) Write(p []byte) (int, error) {
	h.kept = append(h.kept, p[:min(len(p), h.limit-len(h.kept))]...)
	return len(p), nil
}

func (h *head) lastLine() string {
	lines := slices.DeleteFunc(strings.Split(string(h.kept), "\n"), func(l string) bool { return strings.TrimSpace(l) == "" })
	if len(lines) == 0 {
		return ""
	}
	return "; it said: " + strings.TrimSpace(lines[len(lines)-1])
}
