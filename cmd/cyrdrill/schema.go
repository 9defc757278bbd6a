package main

import (
	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/field"
	"github.com/cyrdrill/cyrdrill/harness/plan"
)

type schemaCommand struct {
	Of string `arg:"" optional:"" enum:"plan,result,field" default:"plan" help:"plan, result or field."`
}

// Run implements the command.
func (c *schemaCommand) Run(a *app) error {
	text := plan.Schema()
	switch c.Of {
	case "result":
		text = drill.ResultSchema()
	case "field":
		text = field.Schema()
	}
	_, err := a.out.Write(text)
	return err
}
