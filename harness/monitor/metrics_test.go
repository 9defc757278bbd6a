package monitor

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// measured are metrics of two servers, and a ledger that holds back for two rounds.
func measured(maintained func(target.ServerName, time.Time) (string, bool)) (*Metrics, *Ledger) {
	m := &Metrics{
		servers: []target.ServerName{"imap1", "imap2"},
		success: map[string]time.Time{}, counts: map[checkCount]float64{}, notices: map[noticeCount]float64{},
	}
	return m, NewLedger(Policy{For: Hold{Rounds: 2}, Maintained: maintained})
}

// at says when a round was.
func (r Round) at(minute int) Round {
	r.Ended = noon.Add(time.Duration(minute) * time.Minute)
	r.Began = r.Ended.Add(-3 * time.Second)
	return r
}

func TestMetrics(t *testing.T) {
	m, l := measured(work(0, 1))
	if got := testutil.CollectAndCount(m); got != 1 {
		t.Errorf("before the first round there are %d metrics", got)
	}
	first := showing(stopped, full, behind("alice"), behind("bob")).but("health", failed).at(0)
	first.Lags = []Lag{{"imap1", "", 3, 90 * time.Second}, {"imap1", "far", 0, 0}}
	for _, r := range []Round{first, showing(stopped).at(1), showing().but("list-compare", waits).at(2)} {
		l.Round(r.Ended, r)
		m.round(r, l)
		if r.Ended.Equal(noon) {
			compare(t, m, `
# HELP cyrdrill_sync_log_lag_seconds For how long the first entry of the channel's sync log has waited.
# TYPE cyrdrill_sync_log_lag_seconds gauge
cyrdrill_sync_log_lag_seconds{channel="(default)",server="imap1"} 90
cyrdrill_sync_log_lag_seconds{channel="far",server="imap1"} 0
# HELP cyrdrill_sync_log_entries Entries that wait in the channel's sync log.
# TYPE cyrdrill_sync_log_entries gauge
cyrdrill_sync_log_entries{channel="(default)",server="imap1"} 3
cyrdrill_sync_log_entries{channel="far",server="imap1"} 0
# HELP cyrdrill_maintenance Whether work is done on the server, by the configuration.
# TYPE cyrdrill_maintenance gauge
cyrdrill_maintenance{server="imap1"} 0
cyrdrill_maintenance{server="imap2"} 1
`, "cyrdrill_sync_log_lag_seconds", "cyrdrill_sync_log_entries", "cyrdrill_maintenance")
			compare(t, m, `
# HELP cyrdrill_findings Findings by how far they have come: pending, standing, clearing or suppressed.
# TYPE cyrdrill_findings gauge
cyrdrill_findings{kind="disk-full",server="imap2",state="clearing"} 0
cyrdrill_findings{kind="disk-full",server="imap2",state="pending"} 0
cyrdrill_findings{kind="disk-full",server="imap2",state="standing"} 0
cyrdrill_findings{kind="disk-full",server="imap2",state="suppressed"} 1
cyrdrill_findings{kind="replica-behind",server="imap2",state="clearing"} 0
cyrdrill_findings{kind="replica-behind",server="imap2",state="pending"} 0
cyrdrill_findings{kind="replica-behind",server="imap2",state="standing"} 0
cyrdrill_findings{kind="replica-behind",server="imap2",state="suppressed"} 2
cyrdrill_findings{kind="replication-stopped",server="imap1",state="clearing"} 0
cyrdrill_findings{kind="replication-stopped",server="imap1",state="pending"} 1
cyrdrill_findings{kind="replication-stopped",server="imap1",state="standing"} 0
cyrdrill_findings{kind="replication-stopped",server="imap1",state="suppressed"} 0
`, "cyrdrill_findings")
		}
	}
	m.notice("webhook", "sent")
	m.notice("webhook", "sent")
	compare(t, m, `
# HELP cyrdrill_findings Findings by how far they have come: pending, standing, clearing or suppressed.
# TYPE cyrdrill_findings gauge
cyrdrill_findings{kind="disk-full",server="imap2",state="clearing"} 0
cyrdrill_findings{kind="disk-full",server="imap2",state="pending"} 0
cyrdrill_findings{kind="disk-full",server="imap2",state="standing"} 0
cyrdrill_findings{kind="disk-full",server="imap2",state="suppressed"} 0
cyrdrill_findings{kind="replica-behind",server="imap2",state="clearing"} 0
cyrdrill_findings{kind="replica-behind",server="imap2",state="pending"} 0
cyrdrill_findings{kind="replica-behind",server="imap2",state="standing"} 0
cyrdrill_findings{kind="replica-behind",server="imap2",state="suppressed"} 0
cyrdrill_findings{kind="replication-stopped",server="imap1",state="clearing"} 1
cyrdrill_findings{kind="replication-stopped",server="imap1",state="pending"} 0
cyrdrill_findings{kind="replication-stopped",server="imap1",state="standing"} 0
cyrdrill_findings{kind="replication-stopped",server="imap1",state="suppressed"} 0
# HELP cyrdrill_alarm Whether people have been told of findings of the kind on the server, and not that they have gone.
# TYPE cyrdrill_alarm gauge
cyrdrill_alarm{kind="disk-full",server="imap2"} 0
cyrdrill_alarm{kind="replica-behind",server="imap2"} 0
cyrdrill_alarm{kind="replication-stopped",server="imap1"} 1
# HELP cyrdrill_check_last_success_timestamp_seconds When the check was last made, wherever it is made.
# TYPE cyrdrill_check_last_success_timestamp_seconds gauge
cyrdrill_check_last_success_timestamp_seconds{check="crash-watch"} 1.79612652e+09
cyrdrill_check_last_success_timestamp_seconds{check="health"} 1.79612652e+09
cyrdrill_check_last_success_timestamp_seconds{check="lag"} 1.79612652e+09
cyrdrill_check_last_success_timestamp_seconds{check="list-compare"} 1.79612646e+09
cyrdrill_check_last_success_timestamp_seconds{check="log-watch"} 1.79612652e+09
cyrdrill_check_last_success_timestamp_seconds{check="monitor"} 1.79612652e+09
cyrdrill_check_last_success_timestamp_seconds{check="status-compare"} 1.79612652e+09
# HELP cyrdrill_checks_total Checks by what became of them: done, failed, left-out or waits.
# TYPE cyrdrill_checks_total counter
cyrdrill_checks_total{check="crash-watch",outcome="done"} 3
cyrdrill_checks_total{check="health",outcome="done"} 2
cyrdrill_checks_total{check="health",outcome="failed"} 1
cyrdrill_checks_total{check="lag",outcome="done"} 3
cyrdrill_checks_total{check="list-compare",outcome="done"} 2
cyrdrill_checks_total{check="list-compare",outcome="waits"} 1
cyrdrill_checks_total{check="log-watch",outcome="done"} 3
cyrdrill_checks_total{check="monitor",outcome="done"} 3
cyrdrill_checks_total{check="status-compare",outcome="done"} 3
# HELP cyrdrill_notices_total Notices by way and by what became of them: sent, failed (and tried again), or dropped.
# TYPE cyrdrill_notices_total counter
cyrdrill_notices_total{by="webhook",outcome="sent"} 2
# HELP cyrdrill_rounds_total Rounds of checks.
# TYPE cyrdrill_rounds_total counter
cyrdrill_rounds_total 3
# HELP cyrdrill_round_duration_seconds How long the last round took.
# TYPE cyrdrill_round_duration_seconds gauge
cyrdrill_round_duration_seconds 3
`, "cyrdrill_findings", "cyrdrill_alarm", "cyrdrill_check_last_success_timestamp_seconds", "cyrdrill_checks_total", "cyrdrill_notices_total",
		"cyrdrill_rounds_total", "cyrdrill_round_duration_seconds", "cyrdrill_sync_log_entries")
}

func compare(t *testing.T, m *Metrics, want string, names ...string) {
	t.Helper()
	if err := testutil.CollectAndCompare(m, strings.NewReader(want), names...); err != nil {
		t.Error(err)
	}
	if problems, err := testutil.CollectAndLint(m); err != nil || len(problems) > 0 {
		t.Error(problems, err)
	}
}

// Whoever asks amid a round sees what one round has shown, and not half of two.
func TestMetricsOfOneRoundShowAtOnce(t *testing.T) {
	m, l := measured(func(target.ServerName, time.Time) (string, bool) { return "", false })
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(m)
	var asking sync.WaitGroup
	end := make(chan struct{})
	asking.Go(func() {
		for {
			families, err := registry.Gather()
			if err != nil {
				t.Error(err)
			}
			alarms := 0.0
			for _, family := range families {
				if family.GetName() == "cyrdrill_alarm" {
					for _, metric := range family.Metric {
						alarms += metric.GetGauge().GetValue()
					}
				}
			}
			if alarms != 0 && alarms != 3 {
				t.Errorf("%g of three alarms that come and go together", alarms)
			}
			select {
			case <-end:
				return
			default:
			}
		}
	})
	for i := range 400 {
		r := showing(stopped, full, masters)
		if i%6 >= 3 {
			r = showing()
		}
		r = r.at(i)
		l.Round(r.Ended, r)
		m.round(r, l)
	}
	close(end)
	asking.Wait()
}

func TestHealthOfTheRounds(t *testing.T) {
	const overdue = 10 * time.Minute
	for _, test := range []struct {
		now, last time.Duration // after the beginning; last 0: no round has ended
		want      bool
	}{
		{9 * time.Minute, 0, true}, {11 * time.Minute, 0, false}, {11 * time.Minute, 2 * time.Minute, true}, {13 * time.Minute, 2 * time.Minute, false},
	} {
		var last time.Time
		if test.last > 0 {
			last = noon.Add(test.last)
		}
		if said, well := health(noon.Add(test.now), noon, last, overdue); well != test.want {
			t.Errorf("%v: %q", test, said)
		}
	}
}
