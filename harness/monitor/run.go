package monitor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/detect"
)

// Settings say how a site is watched.
type Settings struct {
	Options
	Every  time.Duration // from the beginning of a round to that of the next
	For    Hold
	Again  time.Duration // 0: never
	Notify []Receiver
	// NotifyWithin is how long a receiver may take to be told.
	NotifyWithin time.Duration
	// Listener is where metrics are served; nil: nowhere. Run closes it.
	Listener net.Listener
	// Log is told what people are told, and what keeps that from coming about.
	Log io.Writer
}

// Run looks again and again until the context ends; that is no error. When it returns,
// nothing runs any more that it has started.
func Run(ctx context.Context, site Site, s Settings) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w := &watch{
		Settings: s, log: &lines{to: s.Log}, looker: NewLooker(site, s.Options), metrics: NewMetrics(site),
		ledger: NewLedger(Policy{For: s.For, Again: s.Again, Maintained: site.Maintained}),
	}
	var running sync.WaitGroup
	for _, receiver := range s.Notify {
		o := newOutbox(receiver, s.NotifyWithin, func(outcome, text string) {
			w.metrics.notice(receiver.Name(), outcome)
			if text != "" {
				w.log.put(text)
			}
		})
		w.outboxes = append(w.outboxes, o)
		running.Go(func() { o.run(ctx) })
	}
	var serving error
	if s.Listener != nil {
		w.log.put(fmt.Sprintf("metrics are at http://%s/metrics", s.Listener.Addr()))
		running.Go(func() {
			serving = w.metrics.Serve(ctx, s.Listener, w.overdue())
			cancel() // nobody would see any more what is found
		})
	}
	w.rounds(ctx)
	cancel()
	running.Wait()
	return errors.Join(serving, w.log.err)
}

// watch is one run.
type watch struct {
	Settings
	log      *lines
	looker   *Looker
	ledger   *Ledger
	metrics  *Metrics
	outboxes []*outbox
	failing  map[string]bool // checks that failed in the last round
}

// overdue is how long it may take from the end of one round to that of the next.
func (w *watch) overdue() time.Duration { return 2*w.Every + checks*w.Deadline }

func (w *watch) rounds(ctx context.Context) {
	ticker := time.NewTicker(w.Every)
	defer ticker.Stop()
	for {
		round, err := w.looker.Look(ctx, w.ledger.suspects())
		if err != nil {
			return // the context's
		}
		w.take(round)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C: // at once where the round took longer
		}
	}
}

// take tells of a round whomever it concerns.
func (w *watch) take(round Round) {
	notices := w.ledger.Round(round.Ended, round)
	w.metrics.round(round, w.ledger)
	w.tellOfChecks(round)
	for _, n := range notices {
		w.log.put(n.Text)
		if n.What == Suppressed {
			continue
		}
		for _, o := range w.outboxes {
			o.put(n)
		}
	}
}

// tellOfChecks logs when a check begins to fail: people are told when it goes on.
func (w *watch) tellOfChecks(round Round) {
	failing := map[string]bool{}
	for _, c := range round.Checks {
		name := c.Name
		if c.Server != "" {
			name += " of " + string(c.Server)
		}
		switch {
		case c.Outcome == Failed:
			failing[name] = true
			if !w.failing[name] {
				w.log.put(fmt.Sprintf("failed: %s: %s", name, c.Why))
			}
		case c.Outcome == LeftOut && w.failing == nil: // in the first round
			w.log.put(fmt.Sprintf("left out: %s: %s", name, c.Why))
		}
	}
	w.failing = failing
}

// lines writes one line at a time, with the time.
type lines struct {
	mu  sync.Mutex
	to  io.Writer
	err error // the first
}

func (l *lines) put(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := fmt.Fprintf(l.to, "%s %s\n", time.Now().UTC().Format(time.RFC3339), text); err != nil && l.err == nil {
		l.err = fmt.Errorf("writing the log: %w", err)
	}
}

// Judge parts what a single round has found into what counts and what is amid maintenance
// of its server.
func (s Site) Judge(r Round) (found, covered []detect.Finding) {
	for _, f := range r.Findings {
		_, work := s.Maintained(f.Server, r.Ended)
		switch {
		case f.Kind == CheckFailed:
		case work:
			covered = append(covered, f)
		default:
			found = append(found, f)
		}
	}
	return found, covered
}
