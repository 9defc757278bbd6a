package monitor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// Command tells people by a command of the shell. The notice is on its standard input, as
// JSON, and in its environment.
type Command struct{ Line string }

// Name implements [Receiver].
func (Command) Name() string { return "command" }

// mostComplaint bounds what is told of a complaint; more is read and thrown away.
const mostComplaint = 300

// Tell implements [Receiver]. At the context's end the command and all that it has started
// in its group of processes are killed.
func (c Command) Tell(ctx context.Context, n Notice) error {
	text, err := json.Marshal(n)
	if err != nil {
		return &HopelessError{fmt.Errorf("writing the notice: %w", err)}
	}
	command := exec.CommandContext(ctx, "sh", "-c", c.Line)
	command.Stdin = bytes.NewReader(append(text, '\n'))
	var said head
	command.Stdout, command.Stderr = &said, &said
	command.Env = append(os.Environ(),
		"CYRDRILL_WHAT="+string(n.What), "CYRDRILL_KIND="+string(n.Kind), "CYRDRILL_SERVER="+string(n.Server), "CYRDRILL_COUNT="+strconv.Itoa(n.Count),
		"CYRDRILL_SINCE="+n.Since.UTC().Format(time.RFC3339), "CYRDRILL_TEXT="+n.Text, "CYRDRILL_NOTICE="+string(text))
	ownGroup(command)
	command.WaitDelay = time.Second // what it has left behind may hold its output
	err = command.Run()
	switch {
	case err == nil, errors.Is(err, exec.ErrWaitDelay):
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	if words := strings.TrimSpace(string(said.kept)); words != "" {
		return fmt.Errorf("%w: %s", err, words)
	}
	return err
}

// head keeps the beginning of what is written to it.
type head struct{ kept []byte }

// Write implements [io.Writer].
func (h *head) Write(p []byte) (int, error) {
	h.kept = append(h.kept, p[:min(len(p), mostComplaint-len(h.kept))]...)
	return len(p), nil
}
