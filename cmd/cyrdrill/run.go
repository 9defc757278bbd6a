package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/report"
	"github.com/cyrdrill/cyrdrill/harness/restore/outside"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/scenarios"
)

type runCommand struct {
	Plans   []string `arg:"" optional:"" name:"plan" help:"Scenarios by name (see 'list'), files, or - for standard input."`
	All     bool     `help:"Run every scenario, and every plan that once found something."`
	Target  string   `enum:"auto,sim,docker" default:"auto" help:"Where to run: sim, docker, or auto: docker where an engine answers, else sim."`
	Output  string   `short:"o" enum:"text,json,junit,github" default:"text" help:"text, json, junit or github. All but text print the result alone."`
	Seed    *uint64  `help:"Seed of traffic and chance, in place of the plan's."`
	Suite   string   `placeholder:"SUITE" aliases:"cyrus" help:"Whose Cyrus, as a Debian suite, in place of the plan's: bullseye, bookworm, trixie."`
	Results string   `default:"results" placeholder:"DIR" help:"Where the result directories go. Default: ./results"`
	Keep    bool     `help:"Leave the pair running for a look at it (docker)."`
	Pair    string   `placeholder:"NAME" help:"Run on a pair that 'up' or --keep has left; it is reset first (docker)."`

	Restorers []string      `placeholder:"NAME=COMMAND" name:"restorer" sep:"none" help:"Let an outside command restore, in place of the plan's restorers or, with the name of one, of that one; may be given several times. See docs/restore.md."`
	Within    time.Duration `default:"5m" name:"restorer-within" placeholder:"DURATION" help:"How long one run of such a command may take. Default: 5m"`
}

// cleanUpWithin bounds what is done after a drill, also after an interrupt:
// reading logs and giving the pair back.
const cleanUpWithin = 30 * time.Second

// Run implements the command.
func (c *runCommand) Run(a *app) error {
	if err := c.choosePlans(); err != nil {
		return err
	}
	plans, err := loadPlans(c.Plans, a.in)
	if err != nil {
		return err
	}
	for _, p := range plans {
		c.override(p.Plan)
	}
	if err := c.checkTools(plans); err != nil {
		return err
	}
	chosen, err := c.chooseTarget(a.ctx, plans)
	if err != nil {
		return err
	}
	if chosen.Name() == "sim" {
		collectSeldom()
	}
	status := statusPass
	for _, p := range plans {
		result, err := c.runOne(a, chosen, p)
		if err != nil {
			return err
		}
		if result.Interrupted {
			return &statusError{status: statusInterrupted, text: "interrupted; what was done until then is in " + result.Directory}
		}
		status = worse(status, result.Bottom())
	}
	if status != statusPass {
		return &statusError{status: status}
	}
	return nil
}

// simGCPercent is GOGC for drills on the simulator. They make much that is soon
// forgotten on a heap of a few MiB, on which Go would collect several times a drill:
// that took two fifths of the processor's time. See docs/performance.md.
const simGCPercent = 800

// collectSeldom sets it, unless somebody has set GOGC.
func collectSeldom() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(simGCPercent)
	}
}

// override puts what was asked for in the place of what a plan says.
func (c *runCommand) override(p *plan.Plan) {
	if c.Seed != nil {
		p.Seed = *c.Seed
	}
	if c.Suite != "" {
		p.Pair.Cyrus = c.Suite
	}
}

// choosePlans takes every scenario where all are asked for.
func (c *runCommand) choosePlans() error {
	switch {
	case c.All && len(c.Plans) > 0:
		return errors.New("--all runs every scenario: name no plan beside it")
	case c.All:
		c.Plans = slices.Concat(scenarios.Names(), scenarios.Regressions())
	case len(c.Plans) == 0:
		return errors.New("no plan: name one (see 'cyrdrill list'), or say --all")
	}
	return nil
}

// worse returns the exit status of several plans: what is known to be wrong
// outweighs what is not known.
func worse(status int, verdict property.Verdict) int {
	switch {
	case verdict == property.Fail || status == statusFail:
		return statusFail
	case verdict != property.Pass:
		return statusUnknown
	}
	return status
}

// runOne runs one plan from a pair of its own to the report. The error is one
// of the set-up; what the drill showed is in the result.
func (c *runCommand) runOne(a *app, chosen chosenTarget, p source) (*drill.Result, error) {
	directory, err := report.Create(c.Results, p.Name, chosen.Name(), time.Now(), p.Text())
	if err != nil {
		return nil, err
	}
	live := c.live(a)
	fmt.Fprintf(live.out, "%s: %s\ntarget %s (%s), seed %d\n", p.Name, p.Title, chosen.Name(), chosen.why, p.Seed)

	live.Working("making the pair")
	started := time.Now()
	pair, err := c.pairFor(a.ctx, chosen, p)
	if err != nil {
		live.Done("failed")
		result := drill.NotStarted(p.Plan, chosen.Name(), err, a.ctx.Err() != nil)
		if reportErr := c.finish(a, directory, p, result, nil); reportErr != nil || !result.Interrupted {
			return nil, errors.Join(err, reportErr)
		}
		return result, nil
	}
	live.Done(fmt.Sprintf("Cyrus %s, ready after %.1fs", pair.Version(), time.Since(started).Seconds()))

	result, evidence := drill.Run(a.ctx, p.Plan, pair, drill.Options{
		Target: chosen.Name(), Ledger: directory.Ledger(),
		Observe: func(e drill.Event) { directory.Observe(e); live.Observe(e) },
		Tools:   c.tools(pair),
	})
	afterwards, cancel := context.WithTimeout(context.WithoutCancel(a.ctx), cleanUpWithin)
	defer cancel()
	keepLogs(afterwards, a.err, pair, directory)
	if err := pair.Close(afterwards); err != nil {
		fmt.Fprintf(a.err, "cyrdrill: giving the pair back: %s; 'cyrdrill down --all' sweeps what is left\n", oneLine(err))
	}
	err = c.finish(a, directory, p, result, evidence)
	if kept, ok := pair.(interface{ Name() string }); ok && c.Keep {
		fmt.Fprintf(live.out, "kept      pair %s: %[2]s shell imap1 --pair %[1]s, %[2]s down %[1]s\n", kept.Name(), a.program)
	}
	return result, err
}

// liveOutput is where a run is told of as it goes.
type liveOutput struct {
	*report.Live
	out io.Writer
}

// live goes to the standard output for people; where that belongs to the
// result alone, it goes to a terminal that is watched, or nowhere.
func (c *runCommand) live(a *app) liveOutput {
	out, terminal := a.out, a.outTerminal
	if c.Output != "text" {
		out, terminal = a.err, a.errTerminal
		if !terminal {
			out = io.Discard
		}
	}
	return liveOutput{report.NewLive(out, terminal), out}
}

// finish writes the result into its directory and to the standard output.
func (c *runCommand) finish(a *app, directory *report.Directory, p source, result *drill.Result, evidence *drill.Evidence) error {
	result.Directory = directory.Path()
	result.Rerun = c.rerun(a, directory, p, result.Target)
	if err := directory.Finish(result, evidence); err != nil {
		return err
	}
	switch c.Output {
	case "json":
		return report.WriteJSON(a.out, result)
	case "junit":
		return report.WriteJUnit(a.out, result)
	case "github":
		return report.WriteGitHub(a.out, result, p.File)
	default:
		return report.WriteText(a.out, result, a.outTerminal)
	}
}

// rerun is the command that runs the plan again: by the argument that named
// it, or by the copy in the results where that argument was a stream.
func (c *runCommand) rerun(a *app, directory *report.Directory, p source, targetName string) string {
	argument := p.argument
	if argument == "-" {
		argument = directory.Path() + "/" + report.PlanFile
	}
	command := fmt.Sprintf("%s run %s --target %s --seed %d", a.program, argument, targetName, p.Seed)
	if c.Suite != "" {
		command += " --suite " + c.Suite
	}
	for _, text := range c.Restorers {
		command += " --restorer " + quoted(text)
	}
	if len(c.Restorers) > 0 && c.Within != outside.Within {
		command += " --restorer-within " + c.Within.String()
	}
	return command
}

// keepLogs copies both servers' logs into the results. A server that cannot be
// asked any more costs its log, not the drill's result.
func keepLogs(ctx context.Context, complaints io.Writer, pair target.Pair, directory *report.Directory) {
	for _, server := range pair.Servers() {
		text, err := server.Host().Syslog(ctx)
		if err == nil {
			err = directory.AddLog(string(server.Name()), text)
		}
		if err != nil {
			fmt.Fprintf(complaints, "cyrdrill: the log of %s is not in the results: %s\n", server.Name(), oneLine(err))
		}
	}
}
