package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/field"
	"github.com/cyrdrill/cyrdrill/harness/monitor"
)

type monitorCommand struct {
	Config        string        `required:"" placeholder:"FILE" help:"Where the servers are; docs/field.md shows one, 'schema field' is its schema."`
	Once          bool          `help:"Look once, say what was found, and end: status 0 well, 1 findings, 3 unknown."`
	Output        string        `short:"o" enum:"text,json" default:"text" help:"Of --once: text or json."`
	Every         time.Duration `default:"2m" placeholder:"TIME" help:"From the beginning of a round to that of the next (${default})."`
	Accounts      int           `default:"500" placeholder:"N" help:"Look closely at that many accounts in a round, by turns; 0: at all (${default})."`
	ListEvery     int           `default:"15" placeholder:"N" help:"Compare the lists of all mailboxes every N rounds (${default})."`
	Deadline      time.Duration `default:"2m" placeholder:"TIME" help:"How long one check may take (${default})."`
	Listen        string        `placeholder:"ADDRESS" help:"Serve /metrics and /healthz there: 127.0.0.1:9842."`
	For           monitor.Hold  `default:"5m" placeholder:"HOLD" help:"How long a finding stands before anybody is told, and is gone before that is: a time, or a number of rounds (${default})."`
	Again         time.Duration `default:"4h" placeholder:"TIME" help:"Tell again of what stands, after that long; 0s: never (${default})."`
	NotifyCommand string        `placeholder:"COMMAND" help:"Tell by a command of the shell: the notice is on its standard input, in JSON."`
	NotifyWebhook string        `placeholder:"URL" help:"Tell by a POST of the notice, in JSON. The variable CYRDRILL_WEBHOOK keeps it out of the list of processes." env:"CYRDRILL_WEBHOOK"`
	NotifyWithin  time.Duration `default:"30s" placeholder:"TIME" help:"How long it may take to tell (${default})."`
}

// Run implements the command.
func (c *monitorCommand) Run(a *app) (err error) {
	receivers, err := c.check()
	if err != nil {
		return err
	}
	config, err := field.Load(c.Config)
	if err != nil {
		return err
	}
	var listener net.Listener
	if c.Listen != "" {
		if listener, err = net.Listen("tcp", c.Listen); err != nil {
			return fmt.Errorf("--listen %s: %w", c.Listen, err)
		}
		defer func() { _ = listener.Close() }()
	}
	pair, err := field.OpenLater(a.ctx, config)
	if err != nil {
		if a.ctx.Err() != nil {
			return c.ended(err)
		}
		return err
	}
	defer func() { _ = pair.Close() }()
	options := monitor.Options{Accounts: c.Accounts, ListEvery: c.ListEvery, Deadline: c.Deadline}
	if c.Once {
		return c.once(a, monitor.SiteOf(pair), options)
	}
	return monitor.Run(a.ctx, monitor.SiteOf(pair), monitor.Settings{
		Options: options, Every: c.Every, For: c.For, Again: c.Again, Notify: receivers, NotifyWithin: c.NotifyWithin, Listener: listener, Log: a.out,
	})
}

// ended is what an interruption is: the way in which a monitor ends, or that of one look
// nothing is known.
func (c *monitorCommand) ended(err error) error {
	if c.Once {
		return err
	}
	return nil
}

func (c *monitorCommand) check() ([]monitor.Receiver, error) {
	for _, each := range []struct {
		name   string
		length time.Duration
	}{{"every", c.Every}, {"deadline", c.Deadline}, {"notify-within", c.NotifyWithin}} {
		if each.length <= 0 {
			return nil, fmt.Errorf("--%s %s: it takes more than 0s", each.name, each.length)
		}
	}
	switch {
	case c.Again < 0:
		return nil, fmt.Errorf("--again %s: nothing is told before it is there", c.Again)
	case c.Accounts < 0:
		return nil, fmt.Errorf("--accounts %d: no fewer than 0 can be looked at", c.Accounts)
	case c.ListEvery < 1:
		return nil, fmt.Errorf("--list-every %d: every round is the most", c.ListEvery)
	case c.Once && (c.Listen != "" || c.NotifyCommand != "" || c.NotifyWebhook != ""):
		return nil, errors.New("--once tells by its output and its status alone: leave out --listen and --notify-…")
	case !c.Once && c.Output != "text":
		return nil, errors.New("-o json is for --once")
	}
	var receivers []monitor.Receiver
	if c.NotifyCommand != "" {
		receivers = append(receivers, monitor.Command{Line: c.NotifyCommand})
	}
	if c.NotifyWebhook != "" {
		webhook, err := monitor.NewWebhook(c.NotifyWebhook)
		if err != nil {
			return nil, fmt.Errorf("--notify-webhook: %w", err)
		}
		receivers = append(receivers, webhook)
	}
	return receivers, nil
}

// once looks once, and ends with the status of what was found.
func (c *monitorCommand) once(a *app, site monitor.Site, options monitor.Options) error {
	round, err := monitor.Once(a.ctx, site, options)
	if err != nil {
		return err
	}
	found, covered := site.Judge(round)
	if c.Output == "json" {
		err = json.NewEncoder(a.out).Encode(onceResult{round.Checks, found, covered})
	} else {
		writeRound(a, round, found, covered)
	}
	switch {
	case err != nil:
		return fmt.Errorf("writing what was found: %w", err)
	case len(found) > 0:
		return &statusError{status: statusFail}
	case round.Unknown():
		return &statusError{status: statusUnknown}
	}
	return nil
}

// onceResult is what one look has shown, for programs.
type onceResult struct {
	Checks     []monitor.Check  `json:"checks"`
	Findings   []detect.Finding `json:"findings"`
	Suppressed []detect.Finding `json:"suppressed,omitempty"`
}

// writeRound says first in one line how it is, as those who call checks show it.
func writeRound(a *app, round monitor.Round, found, covered []detect.Finding) {
	switch {
	case len(found) > 0:
		fmt.Fprintf(a.out, "FOUND: %d findings, the first: %s\n", len(found), found[0])
	case round.Unknown():
		fmt.Fprintln(a.out, "UNKNOWN: not everything could be looked at")
	default:
		fmt.Fprintln(a.out, "WELL: nothing found")
	}
	for _, f := range found {
		fmt.Fprintf(a.out, "found       %s: %s\n", f.Detector, f)
	}
	for _, f := range covered {
		fmt.Fprintf(a.out, "suppressed  %s: %s\n", f.Detector, f)
	}
	for _, check := range round.Checks {
		at := check.Name
		if check.Server != "" {
			at += " of " + string(check.Server)
		}
		if check.Outcome != monitor.Done {
			fmt.Fprintf(a.out, "%-11s %s: %s\n", check.Outcome, at, check.Why)
		}
	}
	for _, lag := range round.Lags {
		if lag.Entries > 0 {
			fmt.Fprintf(a.out, "waiting     %d entries in the sync log %q of %s, for %s\n", lag.Entries, lag.Channel, lag.Server, lag.Time)
		}
	}
}
