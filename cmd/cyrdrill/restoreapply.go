package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/field"
	"github.com/cyrdrill/cyrdrill/harness/report"
	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/restore/journal"
	"github.com/cyrdrill/cyrdrill/harness/restore/planfile"
	"github.com/cyrdrill/cyrdrill/harness/salvage"
)

// apply carries a plan out; one that is not there yet is made first.
func (c *restoreCommand) apply(a *app, pair *field.Pair, options salvage.Options, plan restore.Plan, begun bool) error {
	if _, err := salvage.Guard(a.ctx, pair, c.ReplicationIsOff); err != nil {
		return c.ended(a, pair, err)
	}
	if !begun {
		made, err := salvage.Plan(a.ctx, pair, options)
		if err == nil {
			err = salvage.WriteFile(c.Plan, func(w io.Writer) error { return planfile.Write(w, made) })
		}
		if err != nil {
			return c.ended(a, pair, err)
		}
		plan = made
	}
	how := restore.Options{Journal: journal.InFile(c.Journal), Workers: c.Workers, MaxRate: c.MaxRate}
	if c.Waiting != "" {
		how.Waiting = func() []string { return waitingIn(c.Waiting) }
	}
	if c.Freeze != "" {
		used, err := salvage.LastUse(c.Freeze)
		if err != nil {
			return err
		}
		how.LastUse = used
	}
	done, err := c.watched(a, pair, plan, how)
	outcome := salvage.Outcome{Plan: plan, Report: done, Rescued: pair.Servers[0].Name(), Serving: pair.Servers[1].Name(), PlanFile: c.Plan, Journal: c.Journal}
	if err != nil {
		if outcome.Begun() {
			err = errors.Join(c.write(a, outcome), c.ended(a, pair, err))
		} else {
			err = c.ended(a, pair, err)
		}
		return err
	}
	if outcome.NeverHad, err = salvage.NeverHad(a.ctx, pair, plan); err != nil {
		return c.ended(a, pair, err)
	}
	if c.Letters != "" {
		if outcome.Letters, err = salvage.WriteLetters(c.Letters, plan); err != nil {
			return err
		}
	}
	if err := c.write(a, outcome); err != nil {
		return err
	}
	if outcome.Left() > 0 {
		return &statusError{status: statusFail}
	}
	return nil
}

func (c *restoreCommand) write(a *app, o salvage.Outcome) error {
	if c.Output == "json" {
		return o.WriteJSON(a.out)
	}
	return o.WriteText(a.out)
}

// waitingIn reads which accounts wait. Whoever writes the file may just be at it: one that
// cannot be read names none.
func waitingIn(file string) []string {
	text, err := os.Open(file)
	if err != nil {
		return nil
	}
	defer text.Close() // it was only read
	var names []string
	for lines := bufio.NewScanner(text); lines.Scan(); {
		if name := strings.TrimSpace(lines.Text()); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// watched carries the plan out, and tells on the standard error how far it is: by a line
// that changes where that is a terminal, and now and then where a long run has none.
func (c *restoreCommand) watched(a *app, pair *field.Pair, plan restore.Plan, how restore.Options) (restore.Report, error) {
	if a.errTerminal {
		how.Observe = func(p restore.Progress) { fmt.Fprintf(a.err, "\r\x1b[K%s", restoreInWords(p)) }
		defer fmt.Fprint(a.err, "\r\x1b[K")
		return salvage.Apply(a.ctx, pair, plan, c.ReplicationIsOff, how)
	}
	ticker := time.NewTicker(report.ProgressEvery)
	defer ticker.Stop()
	lines := report.NewProgress(a.err, time.Now(), ticker.C)
	defer lines.Close()
	how.Observe = func(p restore.Progress) { lines.Working("cyrdrill: " + restoreInWords(p)) }
	return salvage.Apply(a.ctx, pair, plan, c.ReplicationIsOff, how)
}

func restoreInWords(p restore.Progress) string {
	text := fmt.Sprintf("%d of %d accounts restored, %.0f %% of the work", p.Accounts, p.Of, 100*p.Share)
	if left := p.Remaining; left.Known && left.Most > 0 {
		text += fmt.Sprintf(", about %s left (%s to %s)", left.Time.Round(time.Second), left.Least.Round(time.Second), left.Most.Round(time.Second))
	}
	return text
}

// ended gives an error the status that it stands for: of a server that has gone nothing
// is known, whatever the error was that told of it.
func (c *restoreCommand) ended(a *app, pair *field.Pair, err error) error {
	var unsafe *restore.UnsafeError
	goesOn := ""
	if c.Apply {
		goesOn = "; the same command goes on from there"
	}
	switch {
	case a.ctx.Err() != nil:
		return &statusError{status: statusInterrupted, text: "interrupted" + goesOn}
	case errors.As(err, &unsafe):
		return err
	case restore.IsUnsound(err):
		return &statusError{status: statusFail, text: oneLine(err)}
	}
	within, cancel := context.WithTimeout(a.ctx, 30*time.Second)
	defer cancel()
	if gone := pair.Reachable(within); gone != nil {
		return &statusError{status: statusUnknown, text: "a server has gone: " + oneLine(err) + goesOn}
	}
	return err
}
