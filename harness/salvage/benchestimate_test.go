package salvage_test

import (
	"math"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/restore"
)

// estimates are what a restore foretold of its own end, as it went.
type estimates struct{ told []restore.Progress }

func (e *estimates) observe(p restore.Progress) { e.told = append(e.told, p) }

// log writes the curve of the estimate's error: at each twentieth of the work, what was
// foretold and what was so. It reports by how much it was off at most from a tenth of the
// work on, as long as so much is left that there is something to be right about.
func (e *estimates) log(b *testing.B, ended time.Time) {
	b.Helper()
	const (
		step      = 0.05
		from, to  = 0.1, 0.95
		tolerance = 1e-9
	)
	next, worst := step, 0.0
	for _, p := range e.told {
		if p.Share+tolerance < next || !p.Remaining.Known {
			continue
		}
		for next <= p.Share+tolerance {
			next += step
		}
		left := ended.Sub(p.At)
		off := p.Remaining.Time.Seconds()/left.Seconds() - 1
		b.Logf("%3.0f %% done: %5.1f s foretold (%.1f to %.1f), %5.1f s in truth, off by %+.0f %%",
			100*p.Share, p.Remaining.Time.Seconds(), p.Remaining.Least.Seconds(), p.Remaining.Most.Seconds(), left.Seconds(), 100*off)
		if p.Share >= from && p.Share <= to {
			worst = max(worst, math.Abs(off))
		}
	}
	b.ReportMetric(100*worst, "%off-at-most")
}
