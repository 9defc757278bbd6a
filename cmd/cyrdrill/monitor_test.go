package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/field/fieldtest"
	"github.com/cyrdrill/cyrdrill/harness/realtime"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

func monitorBy(t *testing.T, file string, arguments ...string) comparison {
	t.Helper()
	c := command(t, append([]string{"monitor", "--config", file}, arguments...)...)
	var out, complaints strings.Builder
	c.Stdout, c.Stderr = &out, &complaints
	_ = c.Run() // its exit status is looked at by the test
	return comparison{out.String(), complaints.String(), c.ProcessState.ExitCode()}
}

func killed(t *testing.T, l *fieldtest.Lab, server target.ServerName) {
	l.Act(t, func(ctx context.Context, p *sim.Pair) error {
		_, err := p.Saboteur().KillServer(ctx, server)
		return err
	})
}

func TestMonitorOnce(t *testing.T) {
	t.Parallel()
	l := fieldtest.Open(t, "alice", "bob")
	file := l.File(t)
	well := monitorBy(t, file, "--once")
	if well.status != statusPass || well.err != "" || !strings.HasPrefix(well.out, "WELL: nothing found\n") ||
		!strings.Contains(well.out, "left-out    health of imap1: of imap1 there is no view of its machine: its configuration has no host\n") {
		t.Errorf("on a pair that is well: %+v", well)
	}
	l.File(t, "    role: replica", "    role: replica\n    host: {command: [sh, -c, 'exit 255']}")
	unseen := monitorBy(t, file, "--once", "--deadline", "5s")
	if unseen.status != statusUnknown || !strings.HasPrefix(unseen.out, "UNKNOWN: ") || !strings.Contains(unseen.out, "failed      health of imap2: ") {
		t.Errorf("on one that is well, of which a machine cannot be looked at: %+v", unseen)
	}
	l.File(t)
	lost(t, l, "bob")
	found := monitorBy(t, file, "--once")
	if found.status != statusFail || !strings.HasPrefix(found.out, "FOUND: 1 findings, the first: replica-behind: bob on imap2 (") {
		t.Errorf("on one that is behind: %+v", found)
	}
	told := monitorBy(t, file, "--once", "-o", "json")
	var result struct{ Findings []detect.Finding }
	if err := json.Unmarshal([]byte(told.out), &result); err != nil || told.status != statusFail || len(result.Findings) != 1 || result.Findings[0].Kind != target.ReplicaBehind {
		t.Errorf("in JSON: %v, %+v", err, told)
	}
	killed(t, l, target.Imap2)
	dead := monitorBy(t, file, "--once")
	if dead.status != statusFail || !strings.Contains(dead.out, "server-down: imap2 (") || !strings.Contains(dead.out, "waits       status-compare: until server-down on imap2 is over\n") {
		t.Errorf("on one that is dead: %+v", dead)
	}
	now := time.Now().UTC()
	l.File(t, "apiVersion: cyrdrill/v1\n", fmt.Sprintf("apiVersion: cyrdrill/v1\nmaintenance: [{server: imap2, from: %q, to: %q, because: a new kernel}]\n",
		now.Add(-time.Hour).Format(time.RFC3339), now.Add(time.Hour).Format(time.RFC3339)))
	work := monitorBy(t, file, "--once")
	if work.status != statusPass || !strings.Contains(work.out, "suppressed  monitor: server-down: imap2 (") {
		t.Errorf("amid maintenance: %+v", work)
	}
	l.File(t, "    role: replica", "    role: replica\n    host: {command: [sh, -c, 'exit 255']}")
	blind := monitorBy(t, file, "--once", "--deadline", "5s")
	if blind.status != statusFail || !strings.Contains(blind.out, "failed      health of imap2: ") {
		t.Errorf("with a machine that is not to be had: %+v", blind)
	}
}

func TestMonitorSaysInOneLineWhatIsWrong(t *testing.T) {
	l := fieldtest.Open(t, "alice")
	file := l.File(t)
	for _, test := range []struct {
		arguments []string
		want      string
	}{
		{[]string{"--every", "0s"}, "cyrdrill: --every 0s: it takes more than 0s\n"},
		{[]string{"--for", "soon"}, `"soon" is neither a time, like 5m, nor a number of rounds, like 3`},
		{[]string{"--once", "--listen", "127.0.0.1:0"}, "cyrdrill: --once tells by its output and its status alone: leave out --listen and --notify-…\n"},
		{[]string{"--listen", "nowhere"}, "cyrdrill: --listen nowhere: "},
		{[]string{"--notify-webhook", "hunter2"}, "cyrdrill: --notify-webhook: the webhook has no address like https://example.org/hook\n"},
		{[]string{"-o", "json"}, "cyrdrill: -o json is for --once\n"},
	} {
		got := monitorBy(t, file, test.arguments...)
		if got.status != statusSetup || !strings.Contains(got.err, test.want) || strings.Count(got.err, "\n") != 1 || got.out != "" || strings.Contains(got.err, "hunter2") {
			t.Errorf("%q: %+v", test.arguments, got)
		}
	}
	l.Keep(t, "guessed")
	if got := monitorBy(t, file); got.status != statusSetup || !strings.Contains(got.err, `does not let "cyrus" in: NO Authentication failed; mend admin or password`) {
		t.Errorf("a wrong password: %+v", got)
	}
}

// A monitor begins also while a server is dead, tells of it, and ends by SIGTERM.
func TestMonitorByTheCommandLine(t *testing.T) {
	t.Parallel()
	l := fieldtest.Open(t, "alice")
	file := l.File(t)
	killed(t, l, target.Imap2)
	told := filepath.Join(filepath.Dir(file), "told")
	c := command(t, "monitor", "--config", file, "--every", "200ms", "--for", "2", "--listen", "127.0.0.1:0",
		"--notify-command", `echo "$CYRDRILL_TEXT" >>`+told+`; yes`, "--notify-within", "500ms") // one that floods, and does not end
	var out, complaints strings.Builder
	c.Stdout, c.Stderr = &out, &complaints
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	err := target.WaitUntil(t.Context(), realtime.Time{}, time.Minute, "a notice", func(context.Context) (bool, string, error) {
		text, _ := os.ReadFile(told) // it may not be there yet
		return strings.Contains(string(text), "\n"), string(text), nil
	})
	if err != nil {
		t.Error(err)
	}
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	_ = c.Wait()
	text, err := os.ReadFile(told)
	if err != nil || !strings.HasPrefix(string(text), "raised: server-down on imap2, for ") {
		t.Errorf("told was %q, %v", text, err)
	}
	if c.ProcessState.ExitCode() != statusPass || complaints.Len() > 0 || !strings.Contains(out.String(), " metrics are at http://127.0.0.1:") || !strings.Contains(out.String(), "Z raised: server-down on imap2") {
		t.Errorf("status %d: %s%s", c.ProcessState.ExitCode(), out.String(), complaints.String())
	}
}
