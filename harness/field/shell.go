package field

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// shell runs scripts on a server's machine, each by a command of its own whose shell reads
// it from standard input: so no other shell on the way takes it apart.
type shell struct{ command []string }

// lastWords bounds how much of a complaint is told.
const lastWords = 300

// run returns what a script has said. An error has what it complained of, in one line.
func (s shell) run(ctx context.Context, script string) ([]byte, error) {
	var said, complaint bytes.Buffer
	c := exec.CommandContext(ctx, s.command[0], s.command[1:]...)
	c.Stdin, c.Stdout, c.Stderr = strings.NewReader(script), &said, &complaint
	c.WaitDelay = time.Second // whoever it has started may hold its output
	err := c.Run()
	switch {
	case err == nil:
		return said.Bytes(), nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	text := strings.Join(strings.Fields(complaint.String()), " ")
	var ended *exec.ExitError
	if !errors.As(err, &ended) || text == "" {
		return nil, fmt.Errorf("%s: %w", s.name(), err)
	}
	return nil, fmt.Errorf("%s: %w: %.*s", s.name(), err, lastWords, text)
}

// exec runs a command there.
func (s shell) exec(ctx context.Context, command []string) ([]byte, error) {
	return s.run(ctx, "exec "+quoteAll(command)+" </dev/null\n")
}

func (s shell) name() string { return strings.Join(s.command[:min(2, len(s.command))], " ") }

func quoteAll(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	return strings.Join(quoted, " ")
}
