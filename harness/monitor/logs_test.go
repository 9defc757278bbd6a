package monitor

import (
	"strings"
	"testing"
	"time"
)

func TestWhatWasLoggedCountsForAWhile(t *testing.T) {
	var l logs
	l.add(noon, []byte("one\nha"))
	l.add(noon.Add(time.Minute), []byte("lf\n"))
	l.add(noon.Add(2*time.Minute), nil)
	if got := string(l.text()); got != "one\nhalf\n" {
		t.Errorf("kept %q", got)
	}
	l.add(noon.Add(logMemory), []byte("two\n"))
	if got := string(l.text()); got != "lf\ntwo\n" {
		t.Errorf("after an hour %q is kept", got)
	}
	l.add(noon.Add(logMemory+2*time.Minute), []byte(strings.Repeat("x", mostKept)))
	if got := len(l.text()); got != mostKept {
		t.Errorf("of a flood %d bytes are kept", got)
	}
	l.add(noon.Add(logMemory+3*time.Minute), []byte("three\n"))
	if got := string(l.text()); got != "three\n" {
		t.Errorf("after it %.20q is kept", got)
	}
	if l.add(noon.Add(3*logMemory), nil); len(l.parts) != 0 {
		t.Error("what was logged counts for ever")
	}
}
