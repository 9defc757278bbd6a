package hostview

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

func TestParseProcesses(t *testing.T) {
	stats := `1 (master) S 0 1 1 0
7 (busybox) S 1 1 1 0
31 (sync_client) T 1 1 1 0
22 (imapd) R 1 1 1 0
21 (imapd) S 1 1 1 0
40 (lmtpd) Z 1 1 1 0
41 (sh (x) y) S 1 1 1 0
garbage
99 (imapd
`
	want := []target.Process{
		{PID: 21, Name: "imapd", State: target.ProcessRunning},
		{PID: 22, Name: "imapd", State: target.ProcessRunning},
		{PID: 40, Name: "lmtpd", State: target.ProcessZombie},
		{PID: 1, Name: "master", State: target.ProcessRunning},
		{PID: 31, Name: "sync_client", State: target.ProcessStopped},
	}
	if diff := cmp.Diff(want, ParseProcesses([]byte(stats))); diff != "" {
		t.Error(diff)
	}
}
