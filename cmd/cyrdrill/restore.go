package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/field"
	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/restore/planfile"
	"github.com/cyrdrill/cyrdrill/harness/salvage"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

type restoreCommand struct {
	Accounts         []string `arg:"" optional:"" name:"account" help:"The accounts to restore; those of the configuration when left out."`
	Config           string   `required:"" placeholder:"FILE" help:"Where the servers are, one with role: rescued and one with role: serving; docs/field.md shows one."`
	Only             []string `placeholder:"RESTORER" help:"Plan by these restorers and no others; 'cyrdrill list restorers' lists them. Default: restore-everything."`
	Policy           string   `enum:",restore,ask,skip" default:"" placeholder:"POLICY" help:"What becomes of messages that their users may have deleted: restore (the default), ask, or skip."`
	Freeze           string   `placeholder:"FILE" help:"Keep the evidence there, or take the evidence that was kept there before."`
	Untouched        bool     `help:"Nobody had worked on the serving server when the evidence was taken: whatever differs was changed on the rescued one."`
	Plan             string   `placeholder:"FILE" help:"Write the plan there, to be reviewed; with --apply: carry out the plan that is there."`
	Apply            bool     `help:"Carry the plan out."`
	Journal          string   `placeholder:"FILE" help:"The journal of --apply, by which a restore that was ended goes on. Default: ./restore.jsonl"`
	Workers          int      `default:"4" placeholder:"N" help:"How many accounts are restored at once, at most."`
	MaxRate          int64    `placeholder:"N" help:"Send at most that many bytes a second."`
	Waiting          string   `placeholder:"FILE" help:"Accounts that wait to log in, one a line: they come first. It is read again before each account."`
	Letters          string   `placeholder:"DIR" help:"Write a letter there to each user of whose mail something could not be decided."`
	ReplicationIsOff bool     `help:"Neither server sends to the other: to be said where the configuration has no host by which that is seen."`
	Output           string   `short:"o" enum:"text,json" default:"text" help:"text or json."`
}

// Run implements the command.
func (c *restoreCommand) Run(a *app) error {
	options, err := c.options()
	if err != nil {
		return err
	}
	config, err := field.Load(c.Config)
	if err == nil {
		err = salvage.CheckRoles(config.Config)
	}
	if err != nil {
		return err
	}
	var plan restore.Plan
	begun := false
	if c.Apply { // a plan that is nonsense is nobody's reason to connect
		if plan, begun, err = c.planned(); err != nil {
			return err
		}
	}
	pair, err := field.Open(a.ctx, config)
	if err != nil {
		return unreachable(a.ctx, err)
	}
	defer func() { _ = pair.Close() }()
	if c.Apply {
		return c.apply(a, pair, options, plan, begun)
	}
	if plan, err = salvage.Plan(a.ctx, pair, options); err != nil {
		return c.ended(a, pair, err)
	}
	return c.show(a, pair, plan)
}

// options checks the command line.
func (c *restoreCommand) options() (salvage.Options, error) {
	options := salvage.Options{Accounts: c.Accounts, Policy: restore.Policy(c.Policy), FreezeFile: c.Freeze, Untouched: c.Untouched}
	var err error
	switch {
	case c.Workers < 1:
		err = fmt.Errorf("--workers %d: one is the least", c.Workers)
	case c.MaxRate < 0:
		err = fmt.Errorf("--max-rate %d: a rate is more than 0", c.MaxRate)
	case !c.Apply && c.Journal != "":
		err = errors.New("--journal is for --apply, which alone keeps one")
	case !c.Apply && c.Letters != "":
		err = errors.New("--letters is for --apply: until then nothing has become of anybody's mail")
	case c.Apply && c.Plan != "" && (c.Accounts != nil || c.Only != nil || c.Policy != "" || c.Untouched):
		err = errors.New("a plan that is carried out has its accounts, restorers and policy: name none beside --apply --plan")
	default:
		options.Restorers, err = salvage.Restorers(c.Only)
	}
	return options, err
}

// planned reads the plan that is to be carried out: the one that is named, or one that an
// earlier run has put beside its journal.
func (c *restoreCommand) planned() (plan restore.Plan, begun bool, err error) {
	c.Journal = cmp.Or(c.Journal, "restore.jsonl")
	named := c.Plan != ""
	c.Plan = cmp.Or(c.Plan, strings.TrimSuffix(c.Journal, filepath.Ext(c.Journal))+".plan.json")
	text, err := os.ReadFile(c.Plan)
	switch {
	case err == nil:
		plan, err = planfile.Read(c.Plan, text)
		return plan, true, err
	case named:
		return plan, false, &target.SetupError{Problem: "reading the plan", Err: err, Mend: "leave out --apply to have one made, or --plan to have one made and carried out at once"}
	case !errors.Is(err, fs.ErrNotExist):
		return plan, false, fmt.Errorf("reading the plan: %w", err)
	}
	if about, err := os.Stat(c.Journal); err == nil && about.Size() > 0 {
		return plan, false, &target.SetupError{Problem: fmt.Sprintf("%s is there, and the plan that it is the journal of is not: %s", c.Journal, c.Plan), Mend: "say --plan FILE to go on with it, or name another journal"}
	}
	return plan, false, nil
}

// show prints a plan, and keeps it where it can be reviewed. One that is there already
// may have been reviewed.
func (c *restoreCommand) show(a *app, pair *field.Pair, plan restore.Plan) error {
	if c.Plan != "" {
		if _, err := os.Stat(c.Plan); err == nil {
			return &target.SetupError{Problem: c.Plan + " is there already", Mend: "say --apply to carry it out, or name another file"}
		}
		if err := salvage.WriteFile(c.Plan, func(w io.Writer) error { return planfile.Write(w, plan) }); err != nil {
			return err
		}
	}
	if c.Output == "json" {
		if err := planfile.Write(a.out, plan); err != nil {
			return err
		}
	} else if err := c.showText(a, pair, plan); err != nil {
		return err
	}
	if salvage.Work(plan) > 0 || len(salvage.ByHand(plan)) > 0 {
		return &statusError{status: statusFail}
	}
	return nil
}

func (c *restoreCommand) showText(a *app, pair *field.Pair, plan restore.Plan) error {
	if err := planfile.WriteText(a.out, plan); err != nil {
		return err
	}
	fmt.Fprintf(a.out, "\nplanned   %s to %s: %d actions to be done, %d by hand; nothing was changed\n", pair.Servers[0].Name(), pair.Servers[1].Name(), salvage.Work(plan), len(salvage.ByHand(plan)))
	if c.Plan != "" {
		fmt.Fprintf(a.out, "plan      %s\n", c.Plan)
	}
	if salvage.Work(plan) == 0 {
		return nil
	}
	var unsafe *restore.UnsafeError
	_, err := salvage.Guard(a.ctx, pair, c.ReplicationIsOff)
	if errors.As(err, &unsafe) {
		fmt.Fprintf(a.out, "refused   --apply will be, as things are: %s\n", unsafe.Why)
		return nil
	}
	return err
}
