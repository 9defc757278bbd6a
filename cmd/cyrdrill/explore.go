package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/cyrus"
	"github.com/cyrdrill/cyrdrill/harness/explore"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/report"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

type exploreCommand struct {
	Target string        `enum:"sim,docker,both" default:"sim" help:"Where: sim, docker, or both: each plan on either, where a difference is a failure."`
	Drills int           `help:"How many drills; with --resume, all in all."`
	For    time.Duration `placeholder:"DURATION" help:"How long; 10m where neither this nor --drills is given."`
	Seed   uint64        `default:"1" help:"Where the plans come from: drill number N of a seed is always the same plan."`
	Jobs   int           `default:"1" help:"How many drills at once."`
	Suites []string      `placeholder:"SUITE" default:"bookworm,trixie" help:"Whose Cyrus, as Debian suites; each plan draws one."`
	Faults []string      `placeholder:"NAME" help:"Draw from these faults alone."`
	Steps  int           `default:"24" help:"About how many steps a plan has at most, before an incident is dealt with to its end."`
	Reduce time.Duration `default:"20s" help:"How long a failing plan is reduced at most; 0s: not at all."`
	Only   *uint64       `placeholder:"N" help:"Run drill number N alone, as 'run' does."`
	Lean   []string      `placeholder:"NAME" help:"With --only: what the drill leant towards, as the report says."`
	Show   bool          `help:"With --only: print the plan, and run nothing."`
	Out    string        `placeholder:"DIR" help:"Where state, report and plans go. Default: results/explore-TARGET-SEED-TIME"`
	Resume string        `placeholder:"DIR" type:"existingdir" help:"Go on with the campaign in DIR."`
	Output string        `short:"o" enum:"text,json" default:"text" help:"text or json. Both are written to the directory as well."`
}

// exploreFor is how long a campaign lasts where nobody says.
const exploreFor = 10 * time.Minute

// Run implements the command.
func (c *exploreCommand) Run(a *app) error {
	if err := c.check(); err != nil {
		return err
	}
	if c.Only != nil {
		return c.runOnly(a)
	}
	state, err := c.state()
	if err != nil {
		return err
	}
	options, end, err := c.options(a)
	if err != nil {
		return err
	}
	defer end()
	directory := c.directory()
	if err := os.MkdirAll(directory, 0o777); err != nil {
		return fmt.Errorf("making the campaign's directory: %w", err)
	}
	options.Keep = func(s *explore.State) error {
		return errors.Join(s.Save(directory), s.Tally.SavePlans(filepath.Join(directory, "plans")))
	}
	live := c.watch(a)
	options.Observe = func(p explore.Progress) { live.Working(p.Line()) }
	live.Working("exploring on " + c.Target)
	tally, err := explore.Explore(a.ctx, state, options)
	if err != nil {
		live.Done("failed")
		return err
	}
	live.Done(fmt.Sprintf("%d drills", tally.Counts.Drills))
	if err := c.write(a, directory, state, tally); err != nil {
		return err
	}
	return exploreStatus(a.ctx, tally, directory)
}

func (c *exploreCommand) check() error {
	switch {
	case c.Jobs < 1:
		return errors.New("--jobs is at least 1")
	case c.Steps < 2:
		return errors.New("--steps is at least 2")
	case c.Drills < 0 || c.For < 0 || c.Reduce < 0:
		return errors.New("--drills, --for and --reduce are not negative")
	case c.Only == nil && (len(c.Lean) > 0 || c.Show):
		return errors.New("--lean and --show go with --only")
	case c.Resume != "" && c.Out != "":
		return errors.New("--resume goes on in its own directory: leave out --out")
	}
	if c.Drills == 0 && c.For == 0 {
		c.For = exploreFor
	}
	return nil
}

func (c *exploreCommand) limits() explore.Limits {
	return explore.Limits{Suites: c.Suites, Faults: c.Faults, Steps: c.Steps, Real: c.Target != "sim"}
}

// state is a new campaign's, or that of the one that is gone on with, which then says what
// is drawn.
func (c *exploreCommand) state() (*explore.State, error) {
	if c.Resume == "" {
		return explore.NewState(c.Target, c.Seed, c.limits()), nil
	}
	state, err := explore.LoadState(c.Resume)
	if err != nil {
		return nil, err
	}
	c.Target, c.Seed = state.Target, state.Seed
	return state, nil
}

func (c *exploreCommand) directory() string {
	switch {
	case c.Resume != "":
		return c.Resume
	case c.Out != "":
		return c.Out
	}
	return filepath.Join("results", fmt.Sprintf("explore-%s-%d-%s", c.Target, c.Seed, time.Now().UTC().Format("20060102T150405")))
}

// realBlock is how many drills on real servers share a lean, and are lost at an interrupt.
const realBlock = 10

// options are the campaign's, and what has to be done at its end.
func (c *exploreCommand) options(a *app) (options explore.Options, end func(), err error) {
	options = explore.Options{Seed: c.Seed, Limits: c.limits(), Drills: c.Drills, For: c.For, Jobs: c.Jobs, Run: explore.OnTarget(sim.New())}
	if c.Reduce > 0 {
		options.Reducer = explore.Shrinker{Within: c.Reduce}
	}
	if c.Target == "sim" {
		collectSeldom()
		return options, func() {}, nil
	}
	for _, suite := range c.Suites {
		if err := cyrus.Check(a.ctx, suite); err != nil {
			return options, nil, err
		}
	}
	pool := cyrus.NewPool(c.Jobs)
	options.Block = realBlock
	if c.Target == "both" {
		options.Run, options.Judge = explore.OnBoth(options.Run, explore.OnTarget(pool)), explore.JudgeBoth
	} else {
		options.Run = explore.OnTarget(pool)
	}
	return options, func() { closePool(a.ctx, pool) }, nil
}

// runOnly draws one plan and runs it as 'run' does.
func (c *exploreCommand) runOnly(a *app) error {
	p, err := explore.Finish(explore.Draw(c.Seed, *c.Only, explore.LeanOf(c.Lean), c.limits()))
	if err != nil {
		return err
	}
	if c.Show {
		_, err := a.out.Write(plan.Format(p))
		return err
	}
	if c.Target == "both" {
		return errors.New("--only runs on one target: say --target sim or docker")
	}
	run := runCommand{Target: c.Target, Output: c.Output, Results: "results"}
	chosen := chosenTarget{target.Target(sim.New()), "as asked"}
	if c.Target == "docker" {
		if chosen, err = dockerTarget(a.ctx, []source{{p, p.Name}}, "as asked"); err != nil {
			return err
		}
	}
	result, err := run.runOne(a, chosen, source{p, "-"})
	if err != nil {
		return err
	}
	if status := worse(statusPass, result.Verdict); status != statusPass {
		return &statusError{status: status}
	}
	return nil
}

// write writes the report into the campaign's directory and to the standard output.
func (c *exploreCommand) write(a *app, directory string, state *explore.State, tally *explore.Tally) error {
	command := fmt.Sprintf("%s explore --target %s --seed %d --steps %d --suites %s", a.program, c.Target, c.Seed, c.Steps, strings.Join(c.Suites, ","))
	if len(c.Faults) > 0 {
		command += " --faults " + strings.Join(c.Faults, ",")
	}
	text := func(w io.Writer) error { return state.WriteText(w, tally, command) }
	inJSON := func(w io.Writer) error { return state.WriteJSON(w, tally) }
	for name, write := range map[string]func(io.Writer) error{"report.txt": text, "report.json": inJSON, "coverage.txt": tally.Coverage.WriteMap, "coverage.html": func(w io.Writer) error { return state.WriteHTML(w, tally) }} {
		if err := writeFile(filepath.Join(directory, name), write); err != nil {
			return err
		}
	}
	if err := tally.SavePlans(filepath.Join(directory, "plans")); err != nil {
		return err
	}
	if c.Output == "json" {
		return inJSON(a.out)
	}
	if err := text(a.out); err != nil {
		return err
	}
	_, err := fmt.Fprintf(a.out, "results   %s\n", directory)
	return err
}

// watch shows the counters on a terminal that is watched.
func (c *exploreCommand) watch(a *app) *report.Live {
	if !a.errTerminal {
		return report.NewLive(io.Discard, false)
	}
	return report.NewLive(a.err, true)
}

// exploreStatus is a failure where a promise was broken, and unknown where no drill
// showed anything.
func exploreStatus(ctx context.Context, tally *explore.Tally, directory string) error {
	switch {
	case tally.Counts.Failed > 0:
		return &statusError{status: statusFail}
	case errors.Is(ctx.Err(), context.Canceled):
		return &statusError{status: statusInterrupted, text: "interrupted; go on with --resume " + directory}
	case tally.Counts.Drills == tally.Counts.Void:
		return &statusError{status: statusUnknown, text: "no drill showed anything"}
	}
	return nil
}
