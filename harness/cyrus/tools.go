package cyrus

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/docker"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/mailboxname"
)

// toolWithin bounds one run of a tool of Cyrus's that may go through all mail.
const toolWithin = 5 * time.Minute

// tool runs one of Cyrus's tools on the server, as the user that owns the mail
// and by the clock that Cyrus itself has, and returns what it said.
func (s *server) tool(ctx context.Context, name string, arguments ...string) (string, error) {
	command := s.toolCommand("cyrus", append([]string{name}, arguments...)...)
	said, err := s.pair.engine.execWithin(ctx, toolWithin, s.id, "cyrus", command...)
	if err != nil {
		return string(said), fmt.Errorf("running cyrus %s on %s: %w", name, s.name, err)
	}
	return string(said), nil
}

// toolCommand is how a program of Cyrus's is run by the clock that Cyrus has.
func (s *server) toolCommand(program string, arguments ...string) []string {
	command := []string{"env"}
	if s.pair.moving {
		command = append(command, docker.FaketimeEnvironment()...)
	}
	return append(append(command, program), arguments...)
}

// Reconstruct implements [target.Operator].
func (o operator) Reconstruct(ctx context.Context, name target.ServerName, account, mailbox string, how ...target.ReconstructOption) (string, error) {
	s := o.pair.server(name)
	var arguments []string
	for _, option := range how {
		arguments = append(arguments, string(option))
	}
	said, err := s.tool(ctx, "reconstruct", append(arguments, mailboxname.Tool(account, mailbox))...)
	if err != nil {
		return said, err
	}
	// It ends with 0 whatever happened, and with the mailbox's name where it
	// found one.
	if !strings.Contains(said, "user/"+account) && !strings.Contains(said, "user."+account) {
		return said, fmt.Errorf("reconstructing %s of %s on %s: it found no such mailbox: %q", mailbox, account, name, said)
	}
	return said, nil
}

// Expire implements [target.Operator].
func (o operator) Expire(ctx context.Context, name target.ServerName) (string, error) {
	return o.pair.server(name).tool(ctx, "expire", "-E", "1", "-X", "0", "-D", "0", "-v")
}
