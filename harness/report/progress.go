package report

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// Progress tells in a log how far something long has come: a line each time that it is
// told to, and none in between, so that the log of a short run stays short.
type Progress struct {
	out   io.Writer
	began time.Time
	mu    sync.Mutex
	text  string
	stop  chan struct{}
	done  sync.WaitGroup
}

// ProgressEvery is how often a log is told.
const ProgressEvery = 30 * time.Second

// NewProgress returns a Progress of what began then; it writes to out whenever tick
// fires, until it is closed.
func NewProgress(out io.Writer, began time.Time, tick <-chan time.Time) *Progress {
	p := &Progress{out: out, began: began, stop: make(chan struct{})}
	p.done.Go(func() {
		for {
			select {
			case <-p.stop:
				return
			case now := <-tick:
				p.write(now)
			}
		}
	})
	return p
}

// Working says what is at work now.
func (p *Progress) Working(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.text = text
}

// Close ends the lines.
func (p *Progress) Close() {
	close(p.stop)
	p.done.Wait()
}

func (p *Progress) write(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.text != "" {
		fmt.Fprintf(p.out, "%s, after %s\n", p.text, now.Sub(p.began).Round(time.Second))
	}
}
