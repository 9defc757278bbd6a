package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"text/tabwriter"

	"github.com/cyrdrill/cyrdrill/docker"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
	"github.com/cyrdrill/cyrdrill/sim/front"
)

type simCommand struct {
	Serve serveCommand `cmd:"" help:"Open a simulated pair on sockets, for real clients, until interrupted."`
}

type serveCommand struct {
	Accounts []string `default:"alice,bob" help:"The accounts that exist at first."`
	Suite    string   `placeholder:"SUITE" help:"Whose Cyrus it behaves as, as a Debian suite: bookworm, trixie."`
	Seed     uint64   `default:"1" help:"Where all chance comes from."`
	Listen   string   `default:"127.0.0.1" help:"The address to listen on."`
	BasePort int      `default:"0" help:"The first of consecutive ports; 0 takes any that are free."`
}

// Run implements the command.
func (c *serveCommand) Run(a *app) error {
	if err := c.check(); err != nil {
		return err
	}
	pair, err := sim.NewPair(a.ctx, target.Spec{Suite: c.Suite, Seed: c.Seed, Accounts: c.Accounts})
	if err != nil {
		return err
	}
	fronts, err := front.Open(context.WithoutCancel(a.ctx), pair, front.Options{
		Host: c.Listen, BasePort: c.BasePort, Admin: docker.AdminUser, Password: docker.AdminPassword,
	})
	if err != nil {
		return err
	}
	if err := c.show(a, pair, fronts); err != nil {
		return errors.Join(err, fronts.Close())
	}
	<-a.ctx.Done()
	if err := fronts.Close(); err != nil {
		return err
	}
	return &statusError{status: statusInterrupted}
}

func (c *serveCommand) check() error {
	if net.ParseIP(c.Listen) == nil {
		return fmt.Errorf("--listen %s: not an IP address", c.Listen)
	}
	for _, account := range c.Accounts {
		if !front.IsAccount(account) {
			return fmt.Errorf("--accounts: %q cannot be an account's name", account)
		}
	}
	return nil
}

// show prints where the services are, and who may log in.
func (c *serveCommand) show(a *app, pair *sim.Pair, fronts *front.Fronts) error {
	table := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprint(table, "SERVER\tROLE")
	for _, service := range front.Services() {
		fmt.Fprintf(table, "\t%s", strings.ToUpper(string(service)))
	}
	for _, server := range pair.Servers() {
		role := target.Role("")
		fronts.Do(func(p *sim.Pair) { role = p.Role(server.Name()) })
		fmt.Fprintf(table, "\n%s\t%s", server.Name(), role)
		for _, service := range front.Services() {
			fmt.Fprintf(table, "\t%s", fronts.Address(server.Name(), service))
		}
	}
	fmt.Fprintln(table)
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(a.out, "\naccounts  %s; any password, and any other account\nas anyone PLAIN as %s with the password %s and the account as authorization identity\nend       Ctrl-C\n",
		strings.Join(c.Accounts, ", "), docker.AdminUser, docker.AdminPassword)
	return err
}
