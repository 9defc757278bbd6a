package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/report"
	"github.com/cyrdrill/cyrdrill/harness/score"
)

// scoreWatch tells how far a score has come: by a line that changes where there is a
// terminal, and by a line now and then on the standard error where there is none.
type scoreWatch struct {
	*report.Live
	out      io.Writer
	progress *report.Progress
	ticker   *time.Ticker
}

func (c *scoreCommand) watch(a *app, text string) *scoreWatch {
	out, terminal := a.out, a.outTerminal
	if c.Output != "text" {
		out, terminal = a.err, a.errTerminal
	}
	w := &scoreWatch{Live: report.NewLive(out, terminal), out: out}
	if !terminal {
		w.ticker = time.NewTicker(report.ProgressEvery)
		w.progress = report.NewProgress(a.err, time.Now(), w.ticker.C)
	}
	w.Working(text)
	return w
}

// Working says what is at work now.
func (w *scoreWatch) Working(text string) {
	w.Live.Working(text)
	if w.progress != nil {
		w.progress.Working("cyrdrill: " + text)
	}
}

// Done says what came of it.
func (w *scoreWatch) Done(text string) {
	if w.progress != nil {
		w.ticker.Stop()
		w.progress.Close()
	}
	w.Live.Done(text)
}

// coverage prints what some scores have tried together.
func (c *scoreCommand) coverage(a *app) error {
	scores := make([]score.Score, len(c.Coverage))
	for i, name := range c.Coverage {
		text, err := os.ReadFile(name)
		if err != nil {
			return fmt.Errorf("reading a score: %w", err)
		}
		if err := json.Unmarshal(text, &scores[i]); err != nil {
			return fmt.Errorf("reading the score %s: %w", name, err)
		}
		if len(scores[i].Trials) == 0 {
			return fmt.Errorf("reading the score %s: there is no trial in it", name)
		}
	}
	coverage := score.Cover(scores...)
	switch c.Output {
	case "json":
		return coverage.WriteJSON(a.out)
	case "csv":
		return coverage.WriteCSV(a.out)
	default:
		return coverage.WriteText(a.out)
	}
}
