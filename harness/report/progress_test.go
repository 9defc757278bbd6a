package report_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/report"
)

// A log is told at each tick how far it has come, also where nothing has moved, and
// nothing at all of what is over before the first.
func TestProgressIsALineATick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lines lineCounter
		tick := make(chan time.Time)
		p := report.NewProgress(&lines, at, tick)
		p.Working("1 of 3")
		p.Working("2 of 3")
		for i := range 2 {
			tick <- at.Add(time.Duration(i+1) * report.ProgressEvery)
			synctest.Wait()
		}
		p.Working("3 of 3")
		p.Close()
		if want := (lineCounter{"2 of 3, after 30s\n", "2 of 3, after 1m0s\n"}); len(lines) != 2 || lines[0] != want[0] || lines[1] != want[1] {
			t.Errorf("%q", lines)
		}
	})
}

type lineCounter []string

func (l *lineCounter) Write(p []byte) (int, error) {
	*l = append(*l, string(p))
	return len(p), nil
}
