package main

import (
	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/field"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/restore/outside"
)

type schemaCommand struct {
	Of string `arg:"" optional:"" enum:"plan,result,field,restorer" default:"plan" help:"plan, result, field, or restorer: a line that an outside restore tool prints."`
}

// Run implements the command.
func (c *schemaCommand) Run(a *app) error {
	text := plan.Schema()
	switch c.Of {
	case "result":
		text = drill.ResultSchema()
	case "field":
		text = field.Schema()
	case "restorer":
		text = outside.Schema()
	}
	_, err := a.out.Write(text)
	return err
}
