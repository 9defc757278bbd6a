package outside

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/command"
	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Limits on a command.
const (
	// Within is how long one look may take, in real time.
	Within = 30 * time.Second
	// MostFindings is how many lines one look may print.
	MostFindings = 10_000
)

// Command is an outside command as a detector.
type Command struct {
	command command.Command
	doors   command.Doors
	claims  []target.Kind
}

// Parse reads "name=command".
func Parse(text string) (name, line string, err error) {
	name, line, err = command.Parse(text, "detector")
	if err != nil {
		return "", "", err
	}
	if _, taken := detect.ByName(name); taken {
		return "", "", fmt.Errorf("%q: there is a detector %s already", text, name)
	}
	return name, line, nil
}

// New makes a detector of a shell command line.
func New(name, line string, doors command.Doors) *Command {
	return &Command{command: command.Command{Name: name, Line: line, Within: Within, MostLines: MostFindings}, doors: doors}
}

// Name implements [detect.Detector].
func (c *Command) Name() string { return c.command.Name }

// Doc implements [detect.Detector].
func (c *Command) Doc() string { return "an outside command: " + c.command.Line }

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
		return nil, fmt.Errorf("opening the pair's services for %s: %w", c.Name(), err)
	}
	defer func() { err = errors.Join(err, closeDoors()) }()
	var servers []target.ServerName
	for _, side := range scene.Sides {
		servers = append(servers, side.Name())
	}
	env := append(c.doors.Environment(servers, scene.Accounts, addresses), "CYRDRILL_MASTER="+string(scene.Master))
	err = c.command.Run(ctx, env, func(text []byte) error {
		f, claims, err := parseLine(text)
		if err != nil {
			return err
		}
		if claims != nil {
			c.claims = claims
			return nil
		}
		found = append(found, f)
		return nil
	})
	for i := range found {
		found[i].Detector, found[i].FoundAt = c.Name(), scene.Clock.Now()
	}
	return found, err
}
