package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"text/tabwriter"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/cyrus"
	"github.com/cyrdrill/cyrdrill/harness/report"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/view"
)

type upCommand struct {
	Suite    string        `default:"bookworm" help:"Which Cyrus, as a Debian suite."`
	Accounts []string      `default:"alice,bob,carol" help:"Who has an account."`
	Interval time.Duration `default:"0s" help:"sync_repeat_interval."`
}

// Run implements the command.
func (c *upCommand) Run(a *app) error {
	if err := cyrus.Check(a.ctx, c.Suite); err != nil {
		return err
	}
	live := report.NewLive(a.out, a.outTerminal)
	live.Working("making a pair that stays")
	pair, err := cyrus.New().NewPair(a.ctx, target.Spec{Suite: c.Suite, Accounts: c.Accounts, RepeatInterval: c.Interval, Keep: true})
	if err != nil {
		live.Done("failed")
		return err
	}
	live.Done("Cyrus " + pair.Version())
	return showKept(a)
}

// showKept lists the pairs that stay, and what can be done with them.
func showKept(a *app) error {
	kept, err := cyrus.ListKept(a.ctx)
	if err != nil {
		return err
	}
	if len(kept) == 0 {
		fmt.Fprintln(a.out, "no pair is kept")
		return nil
	}
	table := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "PAIR\tSERVER\tSTATE\tIMAP\tLMTP\tSYNC\tAGE")
	for _, pair := range kept {
		for _, server := range pair.Servers {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", pair.Name, server.Name, server.State,
				server.Addresses[view.IMAP], server.Addresses[view.LMTP], server.Addresses[view.Sync], time.Since(pair.CreatedAt).Round(time.Second))
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.out, "\n%[2]s shell imap1 --pair %[1]s   a shell on a server\n%[2]s run unreplicated-mail --pair %[1]s   a drill on the pair\n%[2]s down %[1]s   away with it\n", kept[len(kept)-1].Name, a.program)
	return err
}

type downCommand struct {
	Pair string `arg:"" optional:"" help:"Which pair; needed only where several are kept."`
	All  bool   `help:"All that are kept, and whatever drills have left behind that are no longer running."`
}

// Run implements the command.
func (c *downCommand) Run(a *app) error {
	if c.All && c.Pair != "" {
		return errors.New("down: say which pair, or --all")
	}
	remove := func(ctx context.Context) (int, error) { return cyrus.Down(ctx, c.Pair) }
	if c.All {
		remove = cyrus.DownAll
	}
	removed, err := remove(a.ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.out, "kept pairs removed: %d\n", removed)
	if !c.All {
		return nil
	}
	swept, err := cyrus.Sweep(a.ctx)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.out, "containers and networks of dead drills removed: %d\n", swept)
	return err
}

type shellCommand struct {
	Server string `arg:"" optional:"" enum:"imap1,imap2" default:"imap1" help:"imap1 or imap2."`
	Pair   string `help:"Which kept pair; needed only where there are several."`
}

// Run implements the command.
func (c *shellCommand) Run(a *app) error {
	arguments, err := cyrus.Shell(a.ctx, c.Pair, target.ServerName(c.Server), a.inTerminal)
	if err != nil {
		return err
	}
	shell := exec.CommandContext(a.ctx, arguments[0], arguments[1:]...)
	shell.Stdin, shell.Stdout, shell.Stderr = a.in, a.out, a.err
	err = shell.Run()
	if shell.ProcessState != nil {
		if status := shell.ProcessState.ExitCode(); status != 0 {
			return &statusError{status: status}
		}
		return nil
	}
	return fmt.Errorf("opening a shell on %s: %w", c.Server, err)
}
