package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/compare"
	"github.com/cyrdrill/cyrdrill/harness/field"
	"github.com/cyrdrill/cyrdrill/harness/report"
)

// full compares all accounts by a journal. Only a run that has come to its end leaves a
// report: the journal has what is known until then.
func (c *compareCommand) full(a *app, pair *field.Pair, options compare.Options) (err error) {
	journal, err := compare.OpenJournal(c.Journal, pair, options.Level)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, journal.Close()) }()
	options.Journal = journal
	summary, err := c.watched(a, pair, options)
	if a.ctx.Err() != nil {
		return &statusError{status: statusInterrupted, text: fmt.Sprintf("interrupted; %d accounts are in %s, and the same command goes on from there", summary.Accounts, c.Journal)}
	}
	if err != nil {
		return unreachable(a.ctx, err)
	}
	beside := strings.TrimSuffix(c.Journal, filepath.Ext(c.Journal)) + ".report"
	err = errors.Join(
		writeFile(beside+".txt", func(w io.Writer) error { return report.WriteComparison(w, summary, journal.Each, false) }),
		writeFile(beside+".json", func(w io.Writer) error { return report.WriteComparisonJSON(w, summary, journal.Each) }),
		c.write(a, summary, journal.Each),
	)
	if err != nil {
		return err
	}
	if c.Output == "text" {
		fmt.Fprintf(a.out, "report    %[1]s.txt, %[1]s.json\n", beside)
	}
	return c.status(a.ctx, summary, nil)
}

// writeFile puts a file into the place of the one before when it is whole.
func writeFile(name string, render func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	err = errors.Join(render(f), f.Chmod(0o600), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return fmt.Errorf("writing the report: %w", errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}

// watched compares, and tells on the standard error how far it has come: by a line that
// changes where that is a terminal, and now and then where a long run has none.
func (c *compareCommand) watched(a *app, pair *field.Pair, options compare.Options) (compare.Summary, error) {
	if a.errTerminal {
		options.Observe = func(p compare.Progress) { fmt.Fprintf(a.err, "\r\x1b[K%s", progressInWords(p)) }
		defer fmt.Fprint(a.err, "\r\x1b[K")
		return compare.Run(a.ctx, pair, options)
	}
	ticker := time.NewTicker(report.ProgressEvery)
	defer ticker.Stop()
	lines := report.NewProgress(a.err, time.Now(), ticker.C)
	defer lines.Close()
	options.Observe = func(p compare.Progress) { lines.Working("cyrdrill: " + progressInWords(p)) }
	return compare.Run(a.ctx, pair, options)
}

func progressInWords(p compare.Progress) string {
	text := fmt.Sprintf("%d of %d accounts compared, %d differ", p.Done, p.All, p.Different)
	if p.Unknown > 0 {
		text += fmt.Sprintf(", %d could not be looked at", p.Unknown)
	}
	if p.Now > 0 {
		text += fmt.Sprintf(", %.1f/s", p.Rate())
		if left := p.Left().Round(time.Second); left > 0 {
			text += fmt.Sprintf(", about %s left", left)
		}
	}
	return text
}
