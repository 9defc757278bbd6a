package main

import (
	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/plan"
)

type schemaCommand struct {
	Of string `arg:"" optional:"" enum:"plan,result" default:"plan" help:"plan or result."`
}

// Run implements the command.
func (c *schemaCommand) Run(a *app) error {
	text := plan.Schema()
	if c.Of == "result" {
		text = drill.ResultSchema()
	}
	_, err := a.out.Write(text)
	return err
}
