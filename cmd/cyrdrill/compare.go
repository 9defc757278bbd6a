package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/compare"
	"github.com/cyrdrill/cyrdrill/harness/field"
	"github.com/cyrdrill/cyrdrill/harness/report"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

type compareCommand struct {
	Accounts []string      `arg:"" optional:"" name:"account" help:"The accounts to compare; those of the configuration when left out."`
	Config   string        `required:"" placeholder:"FILE" help:"Where the servers are; docs/field.md shows one, 'schema field' is its schema."`
	Output   string        `short:"o" enum:"text,json" default:"text" help:"text or json."`
	Sample   float64       `placeholder:"SHARE" help:"Read this share of all bodies, drawn anew each time, and not all of them: 0.1 is every tenth."`
	Full     bool          `help:"Compare all accounts, keep a journal by which a run that was ended goes on, and leave a report in files."`
	Journal  string        `placeholder:"FILE" help:"The journal of --full; its report is put beside it. Default: ./compare.jsonl"`
	Pause    time.Duration `placeholder:"TIME" help:"Let the servers rest that long after each few accounts."`
	MaxRate  float64       `placeholder:"N" help:"Compare at most that many accounts a second."`
}

// Run implements the command.
func (c *compareCommand) Run(a *app) error {
	if err := c.check(); err != nil {
		return err
	}
	config, err := field.Load(c.Config)
	if err != nil {
		return err
	}
	pair, err := field.Open(a.ctx, config)
	if err != nil {
		return unreachable(a.ctx, err)
	}
	defer func() { _ = pair.Close() }()
	level, err := compare.LevelOf(a.ctx, pair, c.Sample)
	if err != nil {
		return unreachable(a.ctx, err)
	}
	options := compare.Options{Accounts: c.Accounts, Level: level, Pause: c.Pause, MaxRate: c.MaxRate}
	if c.Full {
		c.Journal = cmp.Or(c.Journal, "compare.jsonl")
		return c.full(a, pair, options)
	}
	var done []compare.Account
	options.Each = func(one compare.Account) error {
		done = append(done, one)
		return nil
	}
	summary, err := c.watched(a, pair, options)
	if err != nil && len(done) == 0 {
		return unreachable(a.ctx, err)
	}
	write := c.write(a, summary, func(each func(compare.Account) error) error {
		for _, one := range done {
			if err := each(one); err != nil {
				return err
			}
		}
		return nil
	})
	return errors.Join(write, c.status(a.ctx, summary, err))
}

func (c *compareCommand) check() error {
	switch {
	case c.Sample < 0 || c.Sample > 1:
		return fmt.Errorf("--sample %g: a share lies between 0 and 1", c.Sample)
	case c.MaxRate < 0:
		return fmt.Errorf("--max-rate %g: a rate is more than 0", c.MaxRate)
	case c.Pause < 0:
		return fmt.Errorf("--pause %s: a pause is no shorter than 0s", c.Pause)
	case !c.Full && c.Journal != "":
		return errors.New("--journal is for --full, which alone keeps one")
	case c.Full && len(c.Accounts) > 0:
		return errors.New("--full compares all accounts: name none beside it")
	}
	return nil
}

func (c *compareCommand) write(a *app, s compare.Summary, accounts report.Accounts) error {
	if c.Output == "json" {
		return report.WriteComparisonJSON(a.out, s, accounts)
	}
	return report.WriteComparison(a.out, s, accounts, a.outTerminal)
}

// unreachable gives the status of something that could not be looked at to what is no
// fault of the configuration.
func unreachable(ctx context.Context, err error) error {
	var nobody *target.UnreachableError
	var gone *compare.VanishedError
	if ctx.Err() == nil && (errors.As(err, &nobody) || errors.As(err, &gone)) {
		return &statusError{status: statusUnknown, text: oneLine(err)}
	}
	return err
}

// status is what the command ends with, after all that is known was written.
func (c *compareCommand) status(ctx context.Context, s compare.Summary, err error) error {
	switch {
	case ctx.Err() != nil:
		return &statusError{status: statusInterrupted, text: fmt.Sprintf("interrupted after %d accounts", s.Accounts)}
	case err != nil:
		return unreachable(ctx, err)
	case s.Verdict == compare.Different:
		return &statusError{status: statusFail}
	case s.Verdict != compare.Equal:
		return &statusError{status: statusUnknown}
	}
	return nil
}
