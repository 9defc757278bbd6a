package main

import (
	"bytes"

	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/export"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/traffic"
	"github.com/cyrdrill/cyrdrill/sim"
)

type exportCommand struct {
	Plan  string `arg:"" name:"plan" help:"A file, a scenario's name, or - for standard input."`
	As    string `enum:"sh,cassandane" required:"" help:"sh: a shell script of plain Cyrus and IMAP commands. cassandane: a test in the style of Cyrus's own suite."`
	Write string `short:"w" placeholder:"FILE" help:"Where to write it, instead of to the standard output."`
}

// Run implements the command.
func (c *exportCommand) Run(a *app) error {
	plans, err := loadPlans([]string{c.Plan}, a.in)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := export.As(&text, plans[0].Plan, c.As, a.rehearse); err != nil {
		return err
	}
	return a.writeTo(c.Write, text.Bytes(), 0o755)
}

// rehearse carries a plan out on simulated servers, and returns what users did.
func (a *app) rehearse(p *plan.Plan) ([]traffic.Entry, error) {
	pair, err := sim.New().NewPair(a.ctx, drill.Spec(p))
	if err != nil {
		return nil, err
	}
	_, evidence := drill.Run(a.ctx, p, pair, drill.Options{Target: "sim"})
	return evidence.Entries, a.ctx.Err()
}
