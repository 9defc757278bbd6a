package command

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	// LongestLine is how long a line may be that a command prints, in bytes.
	LongestLine = 64 << 10
	// saidLimit is how much of the standard error is kept.
	saidLimit = 4 << 10
)

// Command is a command line of somebody else's.
type Command struct {
	Name string // by which it is spoken of
	Line string // for the shell
	// Within is how long one run may take, in real time.
	Within time.Duration
	// MostLines is how many lines one run may print.
	MostLines int
	// Began is called once a run has begun; nil: nothing is.
	Began func()
}

// Parse reads "name=command"; what is what the name is of: "detector".
func Parse(text, what string) (name, line string, err error) {
	name, line, ok := strings.Cut(text, "=")
	switch {
	case !ok || strings.TrimSpace(line) == "":
		return "", "", fmt.Errorf("%q is no %s: write name=command", text, what)
	case name == "" || strings.ContainsAny(name, " \t\n|,"):
		return "", "", fmt.Errorf("%q: a %s's name has neither blanks nor commas", text, what)
	}
	return name, line, nil
}

// ErrKilled is what [Command.Run] ends with where its caller has had the command killed.
var ErrKilled = errors.New("killed, as the drill asks for it")

// Run runs the command once, with these variables added to its environment, and hands
// each line that it prints to take; empty lines and those that begin with # are passed
// over. It ends with the first line that take refuses. A context whose cause is
// [ErrKilled] kills the command amid its work.
func (c Command) Run(ctx context.Context, env []string, take func(line []byte) error) error {
	ctx, cancel := context.WithTimeout(ctx, c.Within)
	defer cancel()
	said := &head{limit: saidLimit}
	shell := exec.CommandContext(ctx, "sh", "-c", c.Line)
	shell.Env, shell.Stderr, shell.WaitDelay = append(os.Environ(), env...), said, time.Second
	// What it starts ends with it.
	shell.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	shell.Cancel = func() error { return syscall.Kill(-shell.Process.Pid, syscall.SIGKILL) }
	out, err := shell.StdoutPipe()
	if err != nil {
		return fmt.Errorf("starting %s: %w", c.Name, err)
	}
	if err := shell.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", c.Name, err)
	}
	if c.Began != nil {
		c.Began()
	}
	err = c.read(out, take)
	if err != nil {
		cancel() // nothing more of it is read
	}
	ended := shell.Wait()
	switch {
	case ended != nil && errors.Is(context.Cause(ctx), ErrKilled):
		return ErrKilled
	case err != nil:
		return err
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("%s did not end within %s", c.Name, c.Within)
	case ended != nil:
		return fmt.Errorf("%s: %w%s", c.Name, ended, said.lastLine())
	}
	return nil
}

// read takes what the command prints, up to the first line that is refused.
func (c Command) read(out io.Reader, take func([]byte) error) error {
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, LongestLine)
	for n := 1; lines.Scan(); n++ {
		text := bytes.TrimSpace(lines.Bytes())
		switch {
		case n > c.MostLines:
			return fmt.Errorf("%s prints more than %d lines", c.Name, c.MostLines)
		case len(text) == 0 || text[0] == '#':
			continue
		}
		if err := take(text); err != nil {
			return fmt.Errorf("%s, line %d of what it prints: %w", c.Name, n, err)
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return fmt.Errorf("%s prints a line of more than %d bytes", c.Name, LongestLine)
	case err != nil && !errors.Is(err, os.ErrClosed):
		return fmt.Errorf("reading what %s prints: %w", c.Name, err)
	}
	return nil
}

// Decode reads a line as one JSON object, which has no other fields than into; what is
// what it should be: "finding".
func Decode(text []byte, what string, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("no %s as JSON: %w: %.60q", what, err, text)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("more than one thing: %.60q", text)
	}
	return nil
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
