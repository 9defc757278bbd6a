package monitor

import (
	"strings"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/field"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

func TestLagOfAChannel(t *testing.T) {
	log := func(inWork, current string) target.SyncLog {
		return target.SyncLog{InWork: target.LogFile{Entries: strings.Fields(inWork)}, Current: target.LogFile{Entries: strings.Fields(current)}}
	}
	w := waiting{}
	for i, step := range []struct {
		log     target.SyncLog
		age     time.Duration
		entries int
		lag     time.Duration
	}{
		{log("", ""), 0, 0, 0},
		{log("", "a"), 0, 1, 0},
		{log("", "a b"), 0, 2, time.Minute},
		{log("a b", "c"), 0, 3, 2 * time.Minute},              // taken into work, and not done
		{log("a b", "c"), time.Hour, 3, time.Hour},            // the file system tells
		{log("c", "d"), 0, 2, 0},                              // the first batch is done
		{log("c", "d"), 0, 2, time.Minute},                    //
		{log("", ""), 0, 0, 0},                                //
		{log("", "c d"), 0, 2, 0},                             // the same again is new
		{log("", "c d"), 3 * time.Second, 2, 3 * time.Second}, // however long the log has been looked at
	} {
		got := w.lag(noon.Add(time.Duration(i)*time.Minute), "imap1", field.Channel{Name: "far", Log: step.log, Age: step.age})
		if want := (Lag{"imap1", "far", step.entries, step.lag}); got != want {
			t.Errorf("step %d: %+v, want %+v", i, got, want)
		}
	}
	w.lag(noon, "imap1", field.Channel{Name: "far", Log: log("", "x")})
	if got := w.lag(noon.Add(time.Minute), "imap1", field.Channel{Name: "near", Log: log("", "x")}); got.Time != 0 {
		t.Errorf("another channel has waited %s", got.Time)
	}
}
