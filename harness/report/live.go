package report

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/drill"
)

// Live tells on a terminal or in a log what a drill is doing, step by step, in
// an operator's words. On a terminal the step at work is shown with the time
// that it has taken so far.
type Live struct {
	out      io.Writer
	style    style
	terminal bool

	mu      sync.Mutex
	started time.Time // of the step at work, on the target's clock
	text    string    // of the step at work
	ticking chan struct{}
	ticked  sync.WaitGroup
}

// NewLive returns a Live that writes to out. Terminal says whether out is one:
// then there is colour, and a line that changes.
func NewLive(out io.Writer, terminal bool) *Live {
	return &Live{out: out, terminal: terminal, style: style(terminal)}
}

// Observe writes one event. It is a [drill.Observer].
func (l *Live) Observe(e drill.Event) {
	switch e.Kind {
	case drill.EventStepStarted:
		l.begin(fmt.Sprintf("%2d/%d  %s", e.Step, e.Steps, e.Text), e.At)
	case drill.EventStepEnded:
		l.end(e)
	case drill.EventNote, drill.EventMark:
		l.print(l.style.faint("         " + e.Text))
	}
}

// Working shows a line for something that takes a while, such as making a
// pair, until Done is called.
func (l *Live) Working(text string) { l.begin("       "+text, time.Time{}) }

// Done ends the line that Working began with what came of it.
func (l *Live) Done(text string) {
	l.stopTicking()
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintf(l.out, "%s%s: %s\n", l.clear(), l.text, text)
	l.text = ""
}

func (l *Live) begin(text string, at time.Time) {
	l.stopTicking()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text, l.started = text, at
	if l.terminal {
		fmt.Fprintf(l.out, "%s%s …", l.clear(), text)
		l.startTicking()
	}
}

func (l *Live) end(e drill.Event) {
	l.stopTicking()
	l.mu.Lock()
	defer l.mu.Unlock()
	sign := l.style.good("✓")
	if e.Failed {
		sign = l.style.bad("✗")
	}
	fmt.Fprintf(l.out, "%s%-58s %8s  %s %s\n", l.clear(), l.text, round(e.At.Sub(l.started)), sign, e.Text)
	l.text = ""
}

// print writes a line above the one of the step at work.
func (l *Live) print(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintf(l.out, "%s%s\n", l.clear(), line)
	if l.terminal && l.text != "" {
		fmt.Fprintf(l.out, "%s …", l.text)
	}
}

// clear returns what empties the line that changes.
func (l *Live) clear() string {
	if !l.terminal {
		return ""
	}
	return "\r\x1b[K"
}

// startTicking shows the time that passes in the step at work, once a second.
func (l *Live) startTicking() {
	l.ticking = make(chan struct{})
	stop, text, began := l.ticking, l.text, time.Now()
	l.ticked.Go(func() {
		ticker := time.NewTicker(time.Second)
		defer ticker.Stop()
		for {
			select {
			case <-stop:
				return
			case <-ticker.C:
				l.mu.Lock()
				fmt.Fprintf(l.out, "%s%s … %s", l.clear(), text, time.Since(began).Round(time.Second))
				l.mu.Unlock()
			}
		}
	})
}

func (l *Live) stopTicking() {
	l.mu.Lock()
	ticking := l.ticking
	l.ticking = nil
	l.mu.Unlock()
	if ticking != nil {
		close(ticking)
		l.ticked.Wait()
	}
}

// round shortens a duration to what a reader takes in at a glance.
func round(d time.Duration) string {
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return fmt.Sprintf("%.1fs", d.Seconds())
	default:
		return d.Round(time.Second).String()
	}
}

// style writes with colour when it is true.
type style bool

func (s style) escape(code, text string) string {
	if !s {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (s style) good(text string) string  { return s.escape("32", text) }
func (s style) bad(text string) string   { return s.escape("31;1", text) }
func (s style) faint(text string) string { return s.escape("2", text) }
func (s style) bold(text string) string  { return s.escape("1", text) }
