package main

import (
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/cyrus"
	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

// chosenTarget is a target and why it was chosen.
type chosenTarget struct {
	target.Target
	why string
}

// chooseTarget returns the target that was asked for, ready to make pairs for
// the plans. Left to choose, it takes Docker where an engine answers.
func (c *runCommand) chooseTarget(ctx context.Context, plans []source) (chosenTarget, error) {
	onDocker := c.Keep || c.Pair != ""
	if onDocker && c.Target == "sim" {
		return chosenTarget{}, fmt.Errorf("--keep and --pair are about real pairs: leave out --target sim")
	}
	if c.Pair != "" && c.Suite != "" {
		return chosenTarget{}, fmt.Errorf("--pair names a pair that has its Cyrus: leave out --suite")
	}
	switch {
	case c.Target == "sim":
		return chosenTarget{sim.New(), "as asked"}, nil
	case c.Target == "auto" && !onDocker:
		engine, err := cyrus.Engine(ctx)
		if err != nil {
			return chosenTarget{sim.New(), "no Docker engine answers, so no real Cyrus is tested"}, nil
		}
		return dockerTarget(ctx, plans, engine+" answers")
	default:
		return dockerTarget(ctx, plans, "as asked")
	}
}

func dockerTarget(ctx context.Context, plans []source, why string) (chosenTarget, error) {
	for _, p := range plans {
		if err := cyrus.Check(ctx, p.Plan.Pair.Cyrus); err != nil {
			return chosenTarget{}, err
		}
	}
	return chosenTarget{cyrus.New(), why}, nil
}

// pairFor returns a pair with the plan's accounts and no mail.
func (c *runCommand) pairFor(ctx context.Context, chosen chosenTarget, p source) (target.Pair, error) {
	if c.Pair == "" {
		spec := drill.Spec(p.Plan)
		spec.Keep = c.Keep
		return chosen.NewPair(ctx, spec)
	}
	pair, err := cyrus.Attach(ctx, c.Pair)
	if err != nil {
		return nil, err
	}
	if err := pair.Reset(ctx, p.Accounts); err != nil {
		return nil, fmt.Errorf("resetting the pair %s: %w", c.Pair, err)
	}
	return pair, nil
}
