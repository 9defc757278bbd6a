package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/restore/outside"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// checkTools says what is wrong with the outside restore tools, before anything starts.
func (c *runCommand) checkTools(plans []source) error {
	if c.Within <= 0 {
		return errors.New("--restorer-within is positive")
	}
	taken := map[string]bool{}
	for _, text := range c.Restorers {
		name, _, err := outside.Parse(text)
		if err != nil {
			return fmt.Errorf("--restorer: %w", err)
		}
		if taken[name] {
			return fmt.Errorf("--restorer: %s is given twice", name)
		}
		taken[name] = true
	}
	for _, p := range plans {
		if err := drill.CheckTools(p.Plan, c.tools(nil)); err != nil {
			return fmt.Errorf("--restorer: %w", err)
		}
	}
	return nil
}

// tools returns the outside restore tools, for a pair.
func (c *runCommand) tools(pair target.Pair) []*outside.Command {
	var all []*outside.Command
	for _, text := range c.Restorers {
		name, line, err := outside.Parse(text)
		if err != nil {
			continue // checkTools has refused it
		}
		all = append(all, outside.New(name, line, c.Within, doorsOf(pair)))
	}
	return all
}

// quoted is a word as the shell reads it.
func quoted(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }
