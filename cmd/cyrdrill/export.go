package main

import (
	"bytes"

	"github.com/cyrdrill/cyrdrill/harness/export"
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
	if err := export.As(&text, plans[0].Plan, c.As); err != nil {
		return err
	}
	return a.writeTo(c.Write, text.Bytes(), 0o755)
}
