package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/cyrus"
	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/reduce"
	"github.com/cyrdrill/cyrdrill/harness/report"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

type reduceCommand struct {
	Plan    string        `arg:"" name:"plan" help:"A plan that fails: a file, a scenario's name, or - for standard input."`
	Target  string        `enum:"sim,docker" default:"sim" help:"Where to run what is left: sim or docker."`
	Budget  time.Duration `default:"5m" help:"When to end with what was reached by then."`
	Repeats int           `placeholder:"N" help:"How often to run the plan, and what is left of it, to measure how often it fails. Default: 1 on sim, 3 on docker."`
	Failure []string      `placeholder:"PROPERTY" help:"The failure that is meant, by the properties that it breaks; the first that shows when left out."`
	Seed    *uint64       `help:"Seed of traffic and chance, in place of the plan's."`
	Seeds   int           `default:"3" placeholder:"N" help:"How many other seeds to try where something was taken away (sim)."`
	Suite   string        `placeholder:"SUITE" aliases:"cyrus" help:"Whose Cyrus, as a Debian suite, in place of the plan's."`
	Write   string        `short:"w" placeholder:"FILE" help:"Where to write the plan that is left, instead of to the standard output."`
}

// Run implements the command.
func (c *reduceCommand) Run(a *app) error {
	if c.Budget <= 0 || c.Repeats < 0 || c.Seeds < 0 {
		return errors.New("--budget is positive, and --repeats and --seeds are not negative")
	}
	plans, err := loadPlans([]string{c.Plan}, a.in)
	if err != nil {
		return err
	}
	override := runCommand{Seed: c.Seed, Suite: c.Suite}
	override.override(plans[0].Plan)
	on, closeAll, err := c.target(a.ctx, plans[0])
	if err != nil {
		return err
	}
	defer closeAll()
	live := report.NewLive(a.err, a.errTerminal)
	live.Working("running " + plans[0].Name)
	reduced, err := reduce.Reduce(a.ctx, plans[0].Plan, c.options(on, func(p reduce.Progress) {
		live.Working(fmt.Sprintf("%d steps, %d accounts left after %d runs", p.Steps, p.Accounts, p.Runs))
	}))
	if reduced == nil {
		live.Done("not reduced")
		return err
	}
	live.Done(fmt.Sprintf("%d of %d steps are left, and %s fails in %s runs; %d runs, %d plans skipped",
		len(reduced.Plan.Steps), len(plans[0].Steps), reduced.Failure, reduced.After, reduced.Runs, reduced.Skipped))
	if !reduced.Complete {
		fmt.Fprintf(a.err, "cyrdrill: the budget of %s was spent before nothing more could be taken away\n", c.Budget)
	}
	return errors.Join(a.writeTo(c.Write, reduced.Plan.Text(), 0o644), err)
}

func (c *reduceCommand) options(on target.Target, observe func(reduce.Progress)) reduce.Options {
	o := reduce.Options{
		Run: reduce.OnTarget(on), Names: drill.Names(), Failure: c.Failure,
		Repeats: c.Repeats, Budget: c.Budget, Seeds: c.Seeds, Observe: observe,
	}
	if on.Name() != "sim" {
		o.Seeds = 0 // a run takes seconds there
		if o.Repeats == 0 {
			o.Repeats = 3
		}
	}
	return o
}

// warmPairs are as many as a reduction can use: one at work, and one at its reset.
const warmPairs = 2

// target is the one that was asked for, and how to give back all that it made.
func (c *reduceCommand) target(ctx context.Context, p source) (target.Target, func(), error) {
	if c.Target == "sim" {
		collectSeldom()
		return sim.New(), func() {}, nil
	}
	if err := cyrus.Check(ctx, p.Plan.Pair.Cyrus); err != nil {
		return nil, nil, err
	}
	pool := cyrus.NewPool(warmPairs)
	return pool, func() { closePool(ctx, pool) }, nil
}

// closePool throws a pool's pairs away, also after an interrupt; what is left is the
// reaper's.
func closePool(ctx context.Context, pool *cyrus.Pool) {
	afterwards, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUpWithin)
	defer cancel()
	_ = pool.Close(afterwards)
}

// writeTo writes a text to a file, and says so; without one to the standard output.
func (a *app) writeTo(file string, text []byte, mode os.FileMode) error {
	if file == "" {
		_, err := a.out.Write(text)
		return err
	}
	if err := os.WriteFile(file, text, mode); err != nil {
		return fmt.Errorf("writing what was made of the plan: %w", err)
	}
	_, err := fmt.Fprintln(a.out, file)
	return err
}
