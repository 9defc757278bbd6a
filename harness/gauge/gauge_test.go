package gauge_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/gauge"
)

// What is held when the watch ends is seen, however short the watch was.
func TestMemoryThatIsHeldIsSeen(t *testing.T) {
	const held = 64 << 20
	peak := gauge.WatchMemory()
	block := make([]byte, held)
	most := peak()
	if most < held {
		t.Errorf("the most that was seen is %d bytes, of %d that were held", most, held)
	}
	resident, err := gauge.MaxRSS()
	if err != nil || resident < 1<<20 {
		t.Errorf("%d bytes were resident at most: %v", resident, err)
	}
	runtime.KeepAlive(block)
}

func TestWorkTakesCoreTime(t *testing.T) {
	before, err := gauge.CoreTime()
	if err != nil {
		t.Fatal(err)
	}
	for until := time.Now().Add(time.Minute); time.Now().Before(until); {
		if now, err := gauge.CoreTime(); err == nil && now-before >= 20*time.Millisecond {
			return
		}
	}
	t.Error("a minute of work took no time of any processor")
}
