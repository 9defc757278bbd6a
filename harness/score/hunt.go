package score

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/fault"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// HuntOptions say whose blind spots are looked for, and where.
type HuntOptions struct {
	Target target.Target
	Suite  string
	Seed   uint64
	Faults []fault.Fault
	// Name is the detector's.
	Name string
	// Detector returns the one that is hunted, for the pair at hand.
	Detector func(target.Pair) detect.Detector
	// Most is how many blind spots are enough; 0: one.
	Most int
}

// BlindSpot is a divergence that a detector says nothing of.
type BlindSpot struct {
	Plan   *plan.Plan     // what brings it about
	Damage []fault.Damage // what is wrong at its end, and not found
}

// preparations are what comes before a fault, the smaller first: what is not there
// cannot be broken.
func preparations() []string {
	return []string{
		"  - deliver: {count: 1}\n",
		"  - deliver: {count: 2}\n",
		"  - rules\n  - deliver: {count: 1}\n",
		"  - deliver: {count: 3}\n  - work: {operations: 12}\n",
		"  - rules\n  - deliver: {count: 3}\n  - work: {operations: 40}\n",
	}
}

// Hunt looks for the smallest divergences that the detector calls equal: plans with one
// fault, those first that need the least before it. Each fault is tried on each server
// with the smallest preparation that it can hurt.
func Hunt(ctx context.Context, o HuntOptions) ([]BlindSpot, error) {
	tried := map[string]bool{}
	var spots []BlindSpot
	for _, preparation := range preparations() {
		for _, f := range o.Faults {
			for _, on := range roles(f) {
				name := fmt.Sprintf("%s on %s", f.Name(), on)
				if tried[name] {
					continue
				}
				landed, spot, err := hunted(ctx, o, preparation, f, on)
				if err != nil {
					return spots, fmt.Errorf("hunting with %s: %w", name, err)
				}
				tried[name] = landed
				if spot != nil {
					spots = append(spots, *spot)
				}
				if len(spots) >= max(o.Most, 1) {
					return spots, nil
				}
			}
		}
	}
	return spots, nil
}

// huntPlan is the plan of one try.
func huntPlan(o HuntOptions, name, preparation string, f fault.Fault, on target.ServerName) (*plan.Plan, error) {
	role := "master"
	if on == target.Imap2 {
		role = "replica"
	}
	look := ""
	if _, ok := detect.ByName(name); ok { // others are no plan's to name
		look = fmt.Sprintf("  - detect: {detector: %s, sides: pair}\n", name)
	}
	text := fmt.Sprintf(`apiVersion: cyrdrill/v1
name: unseen-%s
title: %s on the %s, of which a detector says nothing
seed: %d
pair: {cyrus: %s}
accounts: [alice, bob]
steps:
%s  - wait: {until: replicated, within: 30s}
  - fault: {name: %s, on: %s}
%sexpect:
  properties: [looking-changes-nothing]
`, f.Name(), f.Name(), role, o.Seed, o.Suite, preparation, f.Name(), role, look)
	p, err := plan.Parse("hunt", []byte(text), drill.Names())
	if err != nil {
		return nil, err
	}
	return p, nil
}

// hunted breaks one pair and lets the detector look. The fault has landed or not; the
// spot is nil where the detector found something, or could not look.
func hunted(ctx context.Context, o HuntOptions, preparation string, f fault.Fault, on target.ServerName) (landed bool, spot *BlindSpot, err error) {
	p, err := huntPlan(o, o.Name, preparation, f, on)
	if err != nil {
		return false, nil, err
	}
	spec := specOf(f)
	spec.Seed, spec.Suite, spec.Accounts = o.Seed, o.Suite, p.Accounts
	pair, err := o.Target.NewPair(ctx, spec)
	if err != nil {
		return false, nil, err
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeWithin)
		defer cancel()
		err = errors.Join(err, pair.Close(closing))
	}()
	result, _ := drill.Run(ctx, p, pair, drill.Options{Target: o.Target.Name()})
	if ctx.Err() != nil {
		return false, nil, ctx.Err()
	}
	if len(result.Faults) == 0 || !result.Faults[0].Evidence.Landed() {
		return false, nil, nil
	}
	report := result.Faults[0].Report
	// A server that is down, or sends nothing, is no divergence yet.
	diverged := slices.DeleteFunc(slices.Clone(report.Damage), func(d fault.Damage) bool { return d.Account == "" })
	if report.State != fault.Live || len(diverged) == 0 {
		return true, nil, nil
	}
	scene := sceneOf(pair)
	scene.Accounts = p.Accounts
	asked, cancel := target.Within(ctx, pair.Clock(), detectWithin)
	defer cancel()
	found, err := o.Detector(pair).Detect(asked, scene)
	if err != nil || len(found) > 0 {
		return true, nil, ctx.Err() // it found something, or at least said that it cannot tell
	}
	return true, &BlindSpot{Plan: p, Damage: diverged}, nil
}
