package monitor

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Policy says what people are told of.
type Policy struct {
	// For is how long a finding has to stand before it is told, and how long it has to be
	// gone before that is.
	For Hold
	// Again is after how long what stands is told again; 0: never.
	Again time.Duration
	// Maintained says whether work is done on a server, and which.
	Maintained func(target.ServerName, time.Time) (because string, covered bool)
}

// Ledger knows what was found in earlier rounds. It has no clock: each round says when it
// was.
type Ledger struct {
	policy  Policy
	entries map[string]*entry // by the findings' keys
	alarms  map[alarmKey]*alarm
	known   map[alarmKey]bool // all that was ever found
}

// NewLedger returns one that knows of nothing.
func NewLedger(policy Policy) *Ledger {
	return &Ledger{policy, map[string]*entry{}, map[alarmKey]*alarm{}, map[alarmKey]bool{}}
}

// entry is one finding from when it was first seen until it has gone.
type entry struct {
	finding detect.Finding
	since   time.Time // from when it counts
	seen    int       // rounds since
	stands  bool      // for long enough
	gone    time.Time // from when it was not there any more; zero: it is
	missed  int       // rounds since
	because string    // the maintenance amid which it is; empty: none
}

// alarmKey is what people are told of at once: they mend a server, and not one message.
type alarmKey struct {
	kind   target.Kind
	server target.ServerName
}

// alarm is what they have been told.
type alarm struct {
	since, told time.Time
	suppressed  bool // nobody was told but the log
}

// Round takes in what a round has shown, and returns what there is to be told, in order.
func (l *Ledger) Round(now time.Time, r Round) []Notice {
	there := map[string]bool{}
	for _, f := range r.Findings {
		there[f.Key()] = true
		l.see(now, f, r.explains(f))
	}
	for key, e := range l.entries {
		if !there[key] {
			l.miss(now, key, e, r)
		}
	}
	return l.tell(now)
}

// see is about a finding that is there. One that follows from another, or that is there
// while work is done on its server, does not begin to count.
func (l *Ledger) see(now time.Time, f detect.Finding, explained bool) {
	e := l.entries[f.Key()]
	if e == nil {
		e = &entry{since: now}
		l.entries[f.Key()] = e
	}
	l.known[keyOf(f)] = true
	e.finding, e.gone, e.missed, e.because = f, time.Time{}, 0, ""
	if because, covered := l.policy.Maintained(f.Server, now); covered {
		e.because = because
	}
	if !e.stands && (explained || e.because != "") {
		e.since, e.seen = now, 0
		return
	}
	e.seen++
	e.stands = e.stands || l.policy.For.over(e.since, now, e.seen)
}

// miss is about a finding that is not there any more, or that nobody looked for.
func (l *Ledger) miss(now time.Time, key string, e *entry, r Round) {
	switch {
	case !e.stands && (r.looked(e.finding) || r.explains(e.finding)):
		delete(l.entries, key)
	case !r.looked(e.finding):
		// nothing is known of it
	default:
		if e.gone.IsZero() {
			e.gone = now
		}
		e.missed++
		if l.policy.For.over(e.gone, now, e.missed) {
			delete(l.entries, key)
		}
	}
}

// tell returns the notices that follow from what stands now.
func (l *Ledger) tell(now time.Time) []Notice {
	standing, covered := map[alarmKey][]*entry{}, map[alarmKey][]*entry{}
	for _, key := range slices.Sorted(maps.Keys(l.entries)) {
		switch e := l.entries[key]; {
		case e.stands:
			standing[keyOf(e.finding)] = append(standing[keyOf(e.finding)], e)
		case e.because != "":
			covered[keyOf(e.finding)] = append(covered[keyOf(e.finding)], e)
		}
	}
	var notices []Notice
	for _, key := range sortedKeys(l.alarms, standing, covered) {
		if n, ok := l.about(now, key, standing[key], covered[key]); ok {
			n.put()
			notices = append(notices, n)
		}
	}
	return notices
}

// about is what there is to be told of one kind on one server.
func (l *Ledger) about(now time.Time, key alarmKey, standing, covered []*entry) (Notice, bool) {
	a := l.alarms[key]
	_, work := l.policy.Maintained(key.server, now)
	switch {
	case len(standing) == 0 && a != nil && !a.suppressed:
		delete(l.alarms, key)
		return Notice{What: Cleared, Kind: key.kind, Server: key.server, At: now, Since: a.since}, true
	case len(standing) == 0 && len(covered) == 0:
		delete(l.alarms, key)
		return Notice{}, false
	case len(standing) == 0:
		if a != nil {
			return Notice{}, false
		}
		n := notice(Suppressed, now, key, covered)
		n.Because = covered[0].because
		l.alarms[key] = &alarm{since: n.Since, told: now, suppressed: true}
		return n, true
	case a == nil || a.suppressed:
		n := notice(Raised, now, key, standing)
		l.alarms[key] = &alarm{since: n.Since, told: now}
		return n, true
	case l.policy.Again > 0 && now.Sub(a.told) >= l.policy.Again && !work:
		a.told = now
		return notice(Again, now, key, standing), true
	}
	return Notice{}, false
}

func notice(what What, now time.Time, key alarmKey, entries []*entry) Notice {
	n := Notice{What: what, Kind: key.kind, Server: key.server, At: now, Since: now, Count: len(entries)}
	for _, e := range entries {
		n.Findings = append(n.Findings, e.finding)
		if e.since.Before(n.Since) {
			n.Since = e.since
		}
	}
	n.Findings = shorten(n.Findings)
	return n
}

func keyOf(f detect.Finding) alarmKey { return alarmKey{f.Kind, f.Server} }

// sortedKeys returns all keys, each once.
func sortedKeys(alarms map[alarmKey]*alarm, others ...map[alarmKey][]*entry) []alarmKey {
	keys := slices.Collect(maps.Keys(alarms))
	for _, m := range others {
		keys = slices.AppendSeq(keys, maps.Keys(m))
	}
	slices.SortFunc(keys, func(a, b alarmKey) int {
		return cmp.Or(strings.Compare(string(a.kind), string(b.kind)), strings.Compare(string(a.server), string(b.server)))
	})
	return slices.Compact(keys)
}

// State is how far a finding has come.
type State string

// The states of findings.
const (
	Pending  State = "pending"  // it has not stood for long enough
	Stands   State = "standing" // people have been told
	Clearing State = "clearing" // it has gone, not for long enough
	Covered  State = "suppressed"
)

func (e *entry) state() State {
	switch {
	case !e.gone.IsZero():
		return Clearing
	case e.because != "":
		return Covered
	case e.stands:
		return Stands
	}
	return Pending
}

// suspects are the accounts of which anything is known to be wrong.
func (l *Ledger) suspects() []string {
	named := map[string]bool{}
	for _, e := range l.entries {
		if e.finding.Account != "" {
			named[e.finding.Account] = true
		}
	}
	return slices.Sorted(maps.Keys(named))
}
