package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/cyrus"
	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/detect/baseline"
	"github.com/cyrdrill/cyrdrill/harness/detect/outside"
	"github.com/cyrdrill/cyrdrill/harness/fault"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/score"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

type scoreCommand struct {
	Faults    []string      `arg:"" optional:"" name:"fault" help:"Faults by name (see 'list faults'); all of them when left out."`
	Target    string        `enum:"auto,sim,docker,both" default:"auto" help:"Where: sim, docker, both one after the other, or auto: docker where an engine answers, else sim."`
	Suite     string        `default:"bookworm" placeholder:"SUITE" aliases:"cyrus" help:"Whose Cyrus, as a Debian suite: bullseye, bookworm, trixie."`
	Seed      uint64        `default:"1" help:"Where the simulator's chance comes from."`
	Detectors []string      `placeholder:"NAME" name:"only" help:"Score these detectors alone (see 'list detectors')."`
	Pairs     int           `default:"1" help:"How many real pairs to break side by side."`
	Baselines bool          `help:"Score what operators use today as well: SYNC_CRC, STATUS, sync_client -u, reconstruct -n."`
	Outside   []string      `placeholder:"NAME=COMMAND" name:"detector" sep:"none" help:"Score an outside command as well; may be given several times. See docs/detectors.md."`
	Hunt      string        `placeholder:"DETECTOR" help:"Look for the smallest divergence that this detector calls equal, and print it as a plan."`
	Most      int           `default:"1" help:"With --hunt: how many blind spots to print."`
	Within    time.Duration `placeholder:"DURATION" help:"End after so long, and print the score of the trials that were made."`
	Coverage  []string      `placeholder:"FILE" type:"existingfile" help:"Try nothing: print what the scores in these files (score.json) have tried together, and what not."`
	Calm      time.Duration `placeholder:"DURATION" help:"Break nothing: let users work on an undamaged pair for so long, and count false alarms."`
	Rate      int           `default:"20" help:"With --calm: operations of users a second."`
	Interval  time.Duration `default:"0s" help:"With --calm: sync_repeat_interval."`
	Output    string        `short:"o" enum:"text,json,csv,html" default:"text" help:"text, json, csv or html. All are written to the results' directory as well."`
	Results   string        `default:"results" placeholder:"DIR" help:"Where the result directories go. Default: ./results"`
}

// Run implements the command.
func (c *scoreCommand) Run(a *app) error {
	faults, err := c.faults()
	if err != nil {
		return err
	}
	if err := c.check(); err != nil {
		return err
	}
	if len(c.Coverage) > 0 {
		return c.coverage(a)
	}
	targets, closeAll, err := c.targets(a.ctx)
	if err != nil {
		return err
	}
	defer closeAll()
	if c.Hunt != "" {
		return c.hunt(a, targets[0], faults)
	}
	if c.Calm > 0 {
		return c.calm(a, targets)
	}
	if c.Within > 0 {
		ctx, cancel := context.WithTimeout(a.ctx, c.Within)
		defer cancel()
		a = &app{ctx: ctx, streams: a.streams}
	}
	var scores []score.Score
	for _, t := range targets {
		s, err := c.scoreOn(a, t, faults)
		scores = append(scores, s)
		switch {
		case err == nil:
		case errors.Is(a.ctx.Err(), context.DeadlineExceeded) && len(s.Trials) == 0:
			return &statusError{status: statusUnknown, text: fmt.Sprintf("no trial on %s was made within %s", t.Name(), c.Within)}
		case errors.Is(a.ctx.Err(), context.DeadlineExceeded):
			return scoreStatus(scores)
		case errors.Is(a.ctx.Err(), context.Canceled) && len(s.Trials) > 0:
			return &statusError{status: statusInterrupted, text: "interrupted; the score is partial: " + s.Partial}
		default:
			return err
		}
	}
	if len(scores) == 2 && c.Output == "text" {
		if err := showDisagreements(a.out, scores[0], scores[1]); err != nil {
			return err
		}
	}
	return scoreStatus(scores)
}

// scoreStatus is a failure where the minimum of claims is owed anything, and unknown
// where a trial told nothing.
func scoreStatus(scores []score.Score) error {
	status := statusPass
	for _, s := range scores {
		failures, unknowns := s.Shortcomings()
		switch {
		case len(failures) > 0:
			status = statusFail
		case len(unknowns) > 0 && status == statusPass:
			status = statusUnknown
		}
	}
	if status != statusPass {
		return &statusError{status: status}
	}
	return nil
}

func (c *scoreCommand) faults() ([]fault.Fault, error) {
	if len(c.Faults) == 0 {
		return fault.All(), nil
	}
	var faults []fault.Fault
	for _, name := range c.Faults {
		f, ok := fault.ByName(name)
		if !ok {
			return nil, fmt.Errorf("no such fault: %q; see 'cyrdrill list faults'", name)
		}
		faults = append(faults, f)
	}
	return faults, nil
}

func (c *scoreCommand) check() error {
	for _, name := range c.Detectors {
		if _, ok := detect.ByName(name); !ok {
			return fmt.Errorf("no such detector: %q; see 'cyrdrill list detectors'", name)
		}
	}
	switch {
	case c.Hunt != "" && c.Calm > 0:
		return errors.New("--hunt and --calm are two runs: give one of them")
	case c.Pairs < 1:
		return errors.New("--pairs is at least 1")
	case c.Most < 1:
		return errors.New("--most is at least 1")
	case c.Calm < 0 || c.Interval < 0 || c.Rate < 1:
		return errors.New("--calm and --interval are not negative, and --rate is at least 1")
	case c.Calm > 0 && len(c.Faults) > 0:
		return errors.New("--calm breaks nothing: name no fault beside it")
	case c.Calm > 0 && c.Output != "text":
		return errors.New("--calm prints text: leave out --output")
	case c.Within < 0 || c.Within > 0 && (c.Hunt != "" || c.Calm > 0):
		return errors.New("--within ends a score: it is positive, and goes with neither --hunt nor --calm")
	case len(c.Coverage) > 0 && (c.Output == "html" || c.Hunt != "" || c.Calm > 0 || len(c.Faults) > 0):
		return errors.New("--coverage prints text, json or csv, and tries nothing: leave out the rest")
	}
	taken := map[string]bool{}
	for _, text := range c.Outside {
		name, _, err := outside.Parse(text)
		if err != nil {
			return fmt.Errorf("--detector: %w", err)
		}
		if taken[name] {
			return fmt.Errorf("--detector: %s is given twice", name)
		}
		taken[name] = true
	}
	return nil
}

// targets are those that were asked for, and how to give back all that they made.
func (c *scoreCommand) targets(ctx context.Context) (targets []target.Target, closeAll func(), err error) {
	if c.Target == "auto" {
		c.Target = "sim"
		if _, err := cyrus.Engine(ctx); err == nil {
			c.Target = "docker"
		}
	}
	closeAll = func() {}
	if c.Target != "docker" {
		targets = append(targets, sim.New())
	}
	if c.Target != "sim" {
		if err := cyrus.Check(ctx, c.Suite); err != nil {
			return nil, nil, err
		}
		pool := cyrus.NewPool(c.Pairs)
		targets, closeAll = append(targets, pool), func() { closePool(ctx, pool) }
	}
	return targets, closeAll, nil
}

// scoreOn scores the detectors on one target, and writes what came out: also where the
// run was ended early, of the trials that it made.
func (c *scoreCommand) scoreOn(a *app, t target.Target, faults []fault.Fault) (score.Score, error) {
	watch := c.watch(a, "making a pair on "+t.Name())
	began := time.Now()
	s, err := score.Run(a.ctx, score.Options{
		Target: t, Suite: c.Suite, Seed: c.Seed, Faults: faults, Detectors: c.detectors, Pairs: c.pairsOf(t),
		Observe: func(done, of int, t score.Trial) {
			watch.Working(fmt.Sprintf("%d of %d trials: %s on the %s", done, of, t.Fault, t.Role))
		},
	})
	if err != nil && len(s.Trials) == 0 {
		watch.Done("failed")
		return s, err
	}
	watch.Done(fmt.Sprintf("%d trials in %.1fs", len(s.Trials), time.Since(began).Seconds()))
	directory := filepath.Join(c.Results, fmt.Sprintf("score-%s-%s", t.Name(), time.Now().Format("20060102-150405.000")))
	if writeErr := writeScore(directory, s); writeErr != nil {
		return s, errors.Join(err, writeErr)
	}
	if writeErr := scoreWriters()[c.Output](s, a.out); writeErr != nil {
		return s, errors.Join(err, writeErr)
	}
	fmt.Fprintf(watch.out, "\nwritten to %s\n", directory)
	return s, err
}

// pairsOf is one on the simulator, where a seed decides everything.
func (c *scoreCommand) pairsOf(t target.Target) int {
	if t.Name() == "sim" {
		return 1
	}
	return c.Pairs
}

// calm counts false alarms on undamaged pairs.
func (c *scoreCommand) calm(a *app, targets []target.Target) error {
	alarms := 0
	for _, t := range targets {
		watch := c.watch(a, "making a pair on "+t.Name())
		calm, err := score.RunCalm(a.ctx, score.CalmOptions{
			Target: t, Suite: c.Suite, Seed: c.Seed, RepeatInterval: c.Interval, For: c.Calm, Rate: c.Rate, Detectors: c.detectors,
			Observe: func(rounds int, passed time.Duration) {
				watch.Working(fmt.Sprintf("%d rounds in %s", rounds, passed.Round(time.Second)))
			},
		})
		if err != nil {
			watch.Done("failed")
			return err
		}
		watch.Done(fmt.Sprintf("%d rounds", calm.Rounds))
		if err := calm.WriteText(a.out); err != nil {
			return err
		}
		alarms += calm.FalseAlarms()
	}
	if alarms > 0 {
		return &statusError{status: statusFail}
	}
	return nil
}

// hunt prints plans that a detector says nothing of.
func (c *scoreCommand) hunt(a *app, t target.Target, faults []fault.Fault) error {
	if _, err := c.hunted(nil); err != nil {
		return err
	}
	spots, err := score.Hunt(a.ctx, score.HuntOptions{
		Target: t, Suite: c.Suite, Seed: c.Seed, Faults: faults, Most: c.Most, Name: c.Hunt,
		Detector: func(pair target.Pair) detect.Detector {
			d, _ := c.hunted(pair) // it was there a moment ago
			return d
		},
	})
	if err != nil {
		return err
	}
	if len(spots) == 0 {
		_, err := fmt.Fprintf(a.out, "%s was not silent on any live damage of %d faults\n", c.Hunt, len(faults))
		return err
	}
	for _, s := range spots {
		for _, d := range s.Damage {
			fmt.Fprintf(a.out, "# %s says nothing of %s at %s: %s\n", c.Hunt, d.Kind, d.Place, d.How)
		}
		fmt.Fprintf(a.out, "%s\n", plan.Format(s.Plan))
	}
	return nil
}

// hunted returns the detector that is hunted, on a pair.
func (c *scoreCommand) hunted(pair target.Pair) (detect.Detector, error) {
	for _, d := range c.detectors(pair) {
		if d.Name() == c.Hunt {
			return d, nil
		}
	}
	return nil, fmt.Errorf("--hunt: no such detector: %q; see 'cyrdrill list detectors', or give it with --detector", c.Hunt)
}

// detectors returns all that are to be scored on a pair.
func (c *scoreCommand) detectors(pair target.Pair) []detect.Detector {
	var all []detect.Detector
	for _, d := range detect.All() {
		if len(c.Detectors) == 0 || slices.Contains(c.Detectors, d.Name()) {
			all = append(all, d)
		}
	}
	if c.Baselines || strings.HasPrefix(c.Hunt, "baseline-") {
		all = append(all, baseline.All(operatorOf(pair))...)
	}
	for _, text := range c.Outside {
		name, line, err := outside.Parse(text)
		if err != nil {
			continue // check has refused it
		}
		all = append(all, outside.New(name, line, doorsOf(pair)))
	}
	return all
}

// operatorOf is a pair's operator; nil where there is no pair yet.
func operatorOf(pair target.Pair) target.Operator {
	if pair == nil {
		return nil
	}
	return pair.Operator()
}
