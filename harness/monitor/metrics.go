package monitor

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Metrics is what Prometheus is told. All that one round has changed shows at once.
type Metrics struct {
	mu      sync.Mutex
	servers []target.ServerName
	lags    []Lag
	success map[string]time.Time // by check
	counts  map[checkCount]float64
	// Of findings and alarms: what was ever seen shows as 0 when it has gone.
	findings    map[alarmKey]map[State]float64
	alarms      map[alarmKey]bool
	maintenance map[target.ServerName]bool
	notices     map[noticeCount]float64
	rounds      float64
	last        time.Time // when the last round ended
	took        time.Duration
}

type checkCount struct {
	check   string
	outcome Outcome
}

type noticeCount struct{ by, outcome string }

// NewMetrics returns those of a site that nobody has looked at.
func NewMetrics(site Site) *Metrics {
	return &Metrics{
		servers: []target.ServerName{site.Servers[0].Name(), site.Servers[1].Name()},
		success: map[string]time.Time{}, counts: map[checkCount]float64{}, notices: map[noticeCount]float64{},
	}
}

// round takes in a round, and what the ledger makes of it.
func (m *Metrics) round(r Round, l *Ledger) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rounds++
	m.last, m.took, m.lags = r.Ended, r.Ended.Sub(r.Began), r.Lags
	failed := map[string]bool{}
	for _, c := range r.Checks {
		m.counts[checkCount{c.Name, c.Outcome}]++
		failed[c.Name] = failed[c.Name] || c.Outcome == Failed
	}
	for _, c := range r.Checks {
		if c.Outcome == Done && !failed[c.Name] { // on one of two servers is no success
			m.success[c.Name] = r.Ended
		}
	}
	m.findings, m.alarms, m.maintenance = map[alarmKey]map[State]float64{}, map[alarmKey]bool{}, map[target.ServerName]bool{}
	for key := range l.known {
		m.findings[key] = map[State]float64{Pending: 0, Stands: 0, Clearing: 0, Covered: 0}
		a := l.alarms[key]
		m.alarms[key] = a != nil && !a.suppressed
	}
	for _, e := range l.entries {
		m.findings[keyOf(e.finding)][e.state()]++
	}
	for _, server := range m.servers {
		_, m.maintenance[server] = l.policy.Maintained(server, r.Ended)
	}
}

// notice counts what has become of one.
func (m *Metrics) notice(by, outcome string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.notices[noticeCount{by, outcome}]++
}

// lastRound returns when the last round ended; the zero time where none has.
func (m *Metrics) lastRound() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.last
}

func description(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("cyrdrill_"+name, help, labels, nil)
}

var (
	lagSeconds   = description("sync_log_lag_seconds", "For how long the first entry of the channel's sync log has waited.", "server", "channel")
	lagEntries   = description("sync_log_entries", "Entries that wait in the channel's sync log.", "server", "channel")
	lastSuccess  = description("check_last_success_timestamp_seconds", "When the check was last made, wherever it is made.", "check")
	checksTotal  = description("checks_total", "Checks by what became of them: done, failed, left-out or waits.", "check", "outcome")
	findingsNow  = description("findings", "Findings by how far they have come: pending, standing, clearing or suppressed.", "kind", "server", "state")
	alarmNow     = description("alarm", "Whether people have been told of findings of the kind on the server, and not that they have gone.", "kind", "server")
	maintained   = description("maintenance", "Whether work is done on the server, by the configuration.", "server")
	noticesTotal = description("notices_total", "Notices by way and by what became of them: sent, failed (and tried again), or dropped.", "by", "outcome")
	roundsTotal  = description("rounds_total", "Rounds of checks.")
	roundLast    = description("round_last_timestamp_seconds", "When the last round ended.")
	roundTook    = description("round_duration_seconds", "How long the last round took.")
)

// Describe implements [prometheus.Collector].
func (m *Metrics) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		lagSeconds, lagEntries, lastSuccess, checksTotal, findingsNow, alarmNow, maintained, noticesTotal, roundsTotal, roundLast, roundTook,
	} {
		to <- d
	}
}

// channelName is what the channel without a name is called in metrics, where a label that
// is empty is one that is not there.
const channelName = "(default)"

// Collect implements [prometheus.Collector].
func (m *Metrics) Collect(to chan<- prometheus.Metric) {
	for _, metric := range m.all() {
		to <- metric
	}
}

func (m *Metrics) all() (all []prometheus.Metric) {
	m.mu.Lock()
	defer m.mu.Unlock()
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		all = append(all, prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...))
	}
	count := func(d *prometheus.Desc, value float64, labels ...string) {
		all = append(all, prometheus.MustNewConstMetric(d, prometheus.CounterValue, value, labels...))
	}
	for _, lag := range m.lags {
		channel := lag.Channel
		if channel == "" {
			channel = channelName
		}
		gauge(lagSeconds, lag.Time.Seconds(), string(lag.Server), channel)
		gauge(lagEntries, float64(lag.Entries), string(lag.Server), channel)
	}
	for check, at := range m.success {
		gauge(lastSuccess, seconds(at), check)
	}
	for c, n := range m.counts {
		count(checksTotal, n, c.check, string(c.outcome))
	}
	for key, states := range m.findings {
		for state, n := range states {
			gauge(findingsNow, n, string(key.kind), string(key.server), string(state))
		}
		gauge(alarmNow, truth(m.alarms[key]), string(key.kind), string(key.server))
	}
	for _, server := range slices.Sorted(maps.Keys(m.maintenance)) {
		gauge(maintained, truth(m.maintenance[server]), string(server))
	}
	for n, times := range m.notices {
		count(noticesTotal, times, n.by, n.outcome)
	}
	count(roundsTotal, m.rounds)
	if m.rounds > 0 {
		gauge(roundLast, seconds(m.last))
		gauge(roundTook, m.took.Seconds())
	}
	return all
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
