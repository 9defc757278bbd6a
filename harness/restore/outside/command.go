package outside

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/command"
	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

const (
	// Within is how long one run may take, in real time, where nobody says otherwise.
	Within = 5 * time.Minute
	// MostLines is how many lines one run may print.
	MostLines = 100_000
)

// Command is an outside restore tool.
type Command struct {
	command command.Command
	doors   command.Doors
}

// Parse reads "name=command". The name of a restorer of the project's own means that the
// command takes that one's place alone.
func Parse(text string) (name, line string, err error) { return command.Parse(text, "restorer") }

// New makes a restore tool of a shell command line. Each run of it may take so long.
func New(name, line string, within time.Duration, doors command.Doors) *Command {
	return &Command{command: command.Command{Name: name, Line: line, Within: within, MostLines: MostLines}, doors: doors}
}

// Name is what the command is called.
func (c *Command) Name() string { return c.command.Name }

// Line is the command line.
func (c *Command) Line() string { return c.command.Line }

// Within is how long one run may take.
func (c *Command) Within() time.Duration { return c.command.Within }

// Takes says whether the command takes the place of a restorer: of the one of its own
// name or, where it has none of theirs, of all that bring over what a rescued store has.
// What repairs the serving server before there is one stays the project's own.
func (c *Command) Takes(restorer string) bool {
	if _, ours := restore.ByName(c.Name()); ours {
		return restorer == c.Name()
	}
	known, ok := restore.ByName(restorer)
	return ok && !restore.WithoutRescued(known)
}

// Scene is what a command is told.
type Scene struct {
	restore.Scene
	Policy   restore.Policy
	Machines target.Machines // nil: nothing can be run on the servers' machines
	// Directory is the command's own for as long as the drill lasts; the files of
	// evidence are put beside what it keeps there.
	Directory string
	// Observe is told what it says of its progress; nil: nobody is.
	Observe func(share float64, text string)
	// Began is called once the command runs; nil: nothing is.
	Began func()
}

// Said is what a command said of its work.
type Said struct {
	Doubtful []restore.Action // messages, each a [restore.Keep]
	Left     []restore.Left
}

// Run lets the command restore once. With an error comes what it said before. A context
// that is cancelled by [command.ErrKilled] kills it.
func (c *Command) Run(ctx context.Context, scene Scene) (said Said, err error) {
	files, err := scene.files()
	if err != nil {
		return said, fmt.Errorf("writing the evidence for %s: %w", c.Name(), err)
	}
	addresses, closeDoors, err := c.doors.Open(ctx)
	if err != nil {
		return said, fmt.Errorf("opening the pair's services for %s: %w", c.Name(), err)
	}
	defer func() { err = errors.Join(err, closeDoors()) }()
	servers := []target.ServerName{target.Imap1, target.Imap2}
	env := append(c.doors.Environment(servers, scene.Accounts, addresses), files...)
	run := c.command
	run.Began = scene.Began
	err = run.Run(ctx, append(env, scene.environment(servers)...), func(text []byte) error {
		l, err := parseLine(text, scene.Accounts)
		switch {
		case err != nil:
			return err
		case l.Doubtful != nil:
			said.Doubtful = append(said.Doubtful, l.action(restore.Keep))
		case l.Left != nil:
			said.Left = append(said.Left, restore.Left{Action: l.action(restore.Copy), Reason: *l.Left})
		case scene.Observe != nil:
			scene.Observe(*l.Progress, l.Text)
		}
		return nil
	})
	return said, err
}

func (s Scene) environment(servers []target.ServerName) []string {
	rescued := target.ServerName("")
	if s.Rescued != nil {
		rescued = s.Rescued.Name()
	}
	env := []string{"CYRDRILL_SERVING=" + string(s.Serving.Name()), "CYRDRILL_RESCUED=" + string(rescued), "CYRDRILL_POLICY=" + string(s.Policy)}
	for _, server := range servers {
		var prefix []string
		if s.Machines != nil {
			prefix = s.Machines.OnMachine(server)
		}
		env = append(env, command.Variable(server, "role")+"="+string(s.Role(server)), command.Variable(server, "exec")+"="+strings.Join(prefix, " "))
	}
	return env
}

// files writes the evidence, and returns where it is.
func (s Scene) files() ([]string, error) {
	work := filepath.Join(s.Directory, "work")
	if err := os.MkdirAll(work, 0o700); err != nil {
		return nil, err
	}
	findings := s.Findings
	if findings == nil {
		findings = []detect.Finding{}
	}
	env := []string{"CYRDRILL_WORK=" + work}
	for variable, holds := range map[string]any{"CYRDRILL_FREEZE": s.Freeze, "CYRDRILL_FINDINGS": findings} {
		if variable == "CYRDRILL_FREEZE" && s.Freeze == nil {
			env = append(env, variable+"=")
			continue
		}
		file := filepath.Join(s.Directory, strings.ToLower(strings.TrimPrefix(variable, "CYRDRILL_"))+".json")
		text, err := json.Marshal(holds)
		if err == nil {
			err = os.WriteFile(file, text, 0o600)
		}
		if err != nil {
			return nil, err
		}
		env = append(env, variable+"="+file)
	}
	return env, nil
}
