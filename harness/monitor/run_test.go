package monitor_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/cyrdrill/cyrdrill/harness/field/fieldtest"
	"github.com/cyrdrill/cyrdrill/harness/monitor"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// deaf is a receiver that never answers.
type deaf struct{}

func (deaf) Name() string                                     { return "deaf" }
func (deaf) Tell(ctx context.Context, _ monitor.Notice) error { <-ctx.Done(); return ctx.Err() }

// watched is a run on a lab.
type watched struct {
	*testing.T
	address string
	pager   *pager
	log     *journal
	end     func() error
}

func watch(t *testing.T, s monitor.Site, hold monitor.Hold) *watched {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &watched{t, listener.Addr().String(), &pager{}, &journal{}, nil}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- monitor.Run(ctx, s, monitor.Settings{
			Options: monitor.Options{Accounts: 10, ListEvery: 2, Deadline: time.Minute}, Every: 200 * time.Millisecond, For: hold,
			Notify: []monitor.Receiver{deaf{}, w.pager}, NotifyWithin: time.Second, Listener: listener, Log: w.log,
		})
	}()
	w.end = func() error {
		cancel()
		select {
		case err := <-ended:
			ended <- err
			return err
		case <-time.After(20 * time.Second):
			return fmt.Errorf("it does not end")
		}
	}
	t.Cleanup(func() {
		if err := w.end(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Log(w.log)
		}
	})
	return w
}

// get asks the run for a page.
func (w *watched) get(page string) (status int, text string) {
	w.Helper()
	client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Get("http://" + w.address + page)
	if err != nil {
		w.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	said, err := io.ReadAll(answer.Body)
	if err != nil {
		w.Fatal(err)
	}
	return answer.StatusCode, string(said)
}

// value is that of a metric, -1 where it is not there.
func (w *watched) value(metric string) float64 {
	w.Helper()
	_, text := w.get("/metrics")
	found := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta("cyrdrill_"+metric) + ` (\S+)$`).FindStringSubmatch(text)
	if found == nil {
		return -1
	}
	v, err := strconv.ParseFloat(found[1], 64)
	if err != nil {
		w.Fatal(err)
	}
	return v
}

// rounds lets some more rounds come to their end.
func (w *watched) rounds(n float64) {
	w.Helper()
	begun := max(0, w.value("rounds_total"))
	until(w.T, "more rounds", func() bool { return w.value("rounds_total") >= begun+n })
}

func (w *watched) told(want ...string) {
	w.Helper()
	if diff := cmp.Diff(append([]string{}, want...), w.pager.all()); diff != "" {
		w.Error(diff)
	}
}

func TestReplicationThatStopsIsToldOnce(t *testing.T) {
	t.Parallel()
	l := fieldtest.Open(t, "alice", "bob")
	w := watch(t, site(t, l), monitor.Hold{Rounds: 2})
	w.rounds(2)
	if status, text := w.get("/healthz"); status != http.StatusOK || !strings.HasPrefix(text, "the last round ended ") {
		t.Errorf("healthz: %d %s", status, text)
	}
	for _, check := range []string{"monitor", "health", "log-watch", "crash-watch", "status-compare", "list-compare", "lag"} {
		if done, failed := w.value(`checks_total{check="`+check+`",outcome="done"}`), w.value(`checks_total{check="`+check+`",outcome="failed"}`); done < 1 || failed > 0 {
			t.Errorf("%s was done %g times, and failed %g times", check, done, failed)
		}
	}
	w.told()
	suspend(t, l)
	deliver(t, l, "alice")
	until(t, "an alarm", func() bool { return len(w.pager.all()) > 0 })
	if alarm, waiting := w.value(`alarm{kind="replication-stopped",server="imap1"}`), w.value(`sync_log_entries{channel="(default)",server="imap1"}`); alarm != 1 || waiting < 1 {
		t.Errorf("the alarm is %g, and %g entries wait", alarm, waiting)
	}
	deliver(t, l, "bob")
	w.rounds(2) // while another receiver hangs
	w.told("raised replication-stopped imap1")
	if lag := w.value(`sync_log_lag_seconds{channel="(default)",server="imap1"}`); lag < 3 {
		t.Errorf("what waits has waited %gs", lag)
	}
	resume(t, l)
	until(t, "the end of the alarm", func() bool { return len(w.pager.all()) > 1 })
	w.rounds(2)
	w.told("raised replication-stopped imap1", "cleared replication-stopped imap1")
	if w.value(`alarm{kind="replication-stopped",server="imap1"}`) != 0 || w.value(`sync_log_entries{channel="(default)",server="imap1"}`) != 0 {
		t.Error("the metrics know nothing of it")
	}
}

// Lag that goes away is not told, be it shorter or longer than a round.
func TestLagThatHealsIsNotTold(t *testing.T) {
	t.Parallel()
	l := fieldtest.Open(t, "alice", "bob")
	w := watch(t, site(t, l), monitor.Hold{Rounds: 3})
	for range 3 {
		suspend(t, l)
		deliver(t, l, "alice")
		deliver(t, l, "bob")
		time.Sleep(time.Second)
		resume(t, l)
		w.rounds(1)
	}
	suspend(t, l)
	deliver(t, l, "alice")
	until(t, "a finding", func() bool {
		return w.value(`findings{kind="replication-stopped",server="imap1",state="pending"}`) == 1
	})
	resume(t, l)
	w.rounds(4)
	w.told()
}

func TestServerThatDies(t *testing.T) {
	t.Parallel()
	l := fieldtest.Open(t, "alice")
	w := watch(t, site(t, l), monitor.Hold{Rounds: 3})
	w.rounds(1)
	kill(t, l, target.Imap2)
	until(t, "an alarm", func() bool { return len(w.pager.all()) > 0 })
	w.rounds(5)
	w.told("raised server-down imap2")
	if w.value(`checks_total{check="status-compare",outcome="waits"}`) < 1 {
		t.Error("a dead server is compared")
	}
}

// Work on one server keeps nothing of the other from being told.
func TestWorkOnOneServer(t *testing.T) {
	t.Parallel()
	l := fieldtest.Open(t, "alice")
	now := time.Now().UTC()
	window := fmt.Sprintf("apiVersion: cyrdrill/v1\nmaintenance: [{server: imap2, from: %q, to: %q, because: a new kernel}]\n",
		now.Add(-time.Hour).Format(time.RFC3339), now.Add(time.Hour).Format(time.RFC3339))
	w := watch(t, site(t, l, "apiVersion: cyrdrill/v1\n", window), monitor.Hold{Rounds: 2})
	w.rounds(1)
	kill(t, l, target.Imap2)
	w.rounds(4)
	w.told()
	if strings.Count(w.log.String(), "suppressed: server-down on imap2 (maintenance: a new kernel)") != 1 || w.value(`maintenance{server="imap2"}`) != 1 {
		t.Errorf("the log has\n%s", w.log)
	}
	kill(t, l, target.Imap1)
	until(t, "an alarm", func() bool { return len(w.pager.all()) > 0 })
	w.rounds(2)
	w.told("raised server-down imap1")
}
