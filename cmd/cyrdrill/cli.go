package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/cyrdrill/cyrdrill/harness/document"
)

// The exit statuses.
const (
	statusPass        = 0
	statusFail        = 1
	statusSetup       = 2 // bad input, or something about the machine
	statusUnknown     = 3
	statusInterrupted = 130 // as a shell reports SIGINT
)

// streams are the command's surroundings: its name and what it reads and writes.
type streams struct {
	program  string // as it was called, for commands that can be pasted
	in       io.Reader
	out, err io.Writer
	// Whether each is a terminal.
	inTerminal, outTerminal, errTerminal bool
}

// app is what every command gets.
type app struct {
	ctx context.Context
	streams
}

// commands is the command line.
type commands struct {
	Run     runCommand     `cmd:"" help:"Run plans on a target and judge what they leave."`
	Score   scoreCommand   `cmd:"" help:"Score detectors: break pairs with every fault and count what each finds, misses, and makes up."`
	Compare compareCommand `cmd:"" help:"Compare two servers in the field, account by account; nothing is changed on them."`
	Monitor monitorCommand `cmd:"" help:"Watch two servers in the field: metrics, and notices of what stands; nothing is changed on them."`
	Restore restoreCommand `cmd:"" help:"Restore from a rescued server in the field to the one that serves; without --apply the plan is shown, and nothing is changed."`
	Explore exploreCommand `cmd:"" help:"Explore: draw plans and run them in bulk, and keep the smallest plan of each way in which a promise is broken."`
	Reduce  reduceCommand  `cmd:"" help:"Make a plan that fails as small as it can, by the same failure."`
	Export  exportCommand  `cmd:"" help:"Write a plan as a shell script or as a test of Cyrus's own suite, for people who have no cyrdrill."`
	List    listCommand    `cmd:"" help:"List scenarios, faults, detectors, restorers, properties and marks."`
	Up      upCommand      `cmd:"" help:"Start a pair to poke at; it stays until 'down'."`
	Down    downCommand    `cmd:"" help:"Remove pairs that were kept, or with --all whatever was left behind."`
	Shell   shellCommand   `cmd:"" help:"Open a shell on a server of a kept pair."`
	Sim     simCommand     `cmd:"" help:"Use the simulated pair by hand."`
	Doctor  doctorCommand  `cmd:"" help:"Say what is missing on this machine, and the command that mends it."`
	Schema  schemaCommand  `cmd:"" help:"Print the JSON Schema of plans, of results, of the configuration for servers in the field, or of what an outside restore tool prints."`
	Version versionCommand `cmd:"" help:"Print the version."`
}

const description = `Drills for Cyrus IMAP replication: break a pair on purpose, find the damage, restore the mail, and prove that nothing acknowledged was lost.

Exit status: 0 pass, 1 fail, 2 bad input or set-up, 3 unknown, 130 interrupted.`

// statusError ends the command with a status; its text, if any, is shown.
type statusError struct {
	status int
	text   string
}

func (e *statusError) Error() string { return e.text }

// execute runs one command line and returns the exit status.
func execute(ctx context.Context, args []string, s streams) int {
	var c commands
	helped := false
	parser, err := kong.New(&c, kong.Name("cyrdrill"), kong.Description(description), kong.UsageOnError(),
		kong.Writers(s.out, s.err), kong.Exit(func(int) { helped = true }), kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		panic(fmt.Sprintf("cyrdrill: its own command line does not fit: %v", err))
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, err := parser.Parse(args)
	if helped {
		return statusPass
	}
	if err != nil {
		fmt.Fprintf(s.err, "cyrdrill: %s; see cyrdrill --help\n", err)
		return statusSetup
	}
	return s.end(command.Run(&app{ctx: ctx, streams: s}))
}

// end shows an error and returns the status that it stands for.
func (s streams) end(err error) int {
	var status *statusError
	var wrong document.Errors
	switch {
	case err == nil:
		return statusPass
	case errors.As(err, &status):
		if status.text != "" {
			fmt.Fprintf(s.err, "cyrdrill: %s\n", status.text)
		}
		return status.status
	case errors.As(err, &wrong):
		fmt.Fprintln(s.err, wrong.Error())
		return statusSetup
	case errors.Is(err, context.Canceled):
		fmt.Fprintf(s.err, "cyrdrill: interrupted: %s\n", oneLine(err))
		return statusInterrupted
	default:
		fmt.Fprintf(s.err, "cyrdrill: %s\n", oneLine(err))
		return statusSetup
	}
}

// oneLine keeps a message on one line, as every complaint here is.
func oneLine(err error) string {
	return strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}
