package monitor

import (
	"slices"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/field"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Lag is how far replication is behind on one channel.
type Lag struct {
	Server  target.ServerName
	Channel string
	Entries int
	Time    time.Duration // for how long the first of them has waited
}

// waiting remembers since when what waits has waited, for file systems that do not tell
// when a file was made. What came behind a batch that is done counts from then on.
type waiting map[string]*waited // by channel

type waited struct {
	log   target.SyncLog
	since time.Time
}

// lag returns how far a channel is behind.
func (w waiting) lag(now time.Time, server target.ServerName, c field.Channel) Lag {
	l := Lag{Server: server, Channel: c.Name, Entries: c.Log.Pending(), Time: c.Age}
	if l.Entries == 0 {
		delete(w, c.Name)
		return l
	}
	before := w[c.Name]
	if before == nil || !grown(before.log, c.Log) {
		before = &waited{c.Log, now}
		w[c.Name] = before
	}
	before.log = c.Log
	if l.Time == 0 {
		l.Time = now.Sub(before.since)
	}
	return l
}

// grown says whether nothing has been worked off between two looks: what was taken into work
// is still there.
func grown(before, now target.SyncLog) bool {
	then, whole := entries(before), entries(now)
	return len(whole) >= len(then) && slices.Equal(whole[:len(then)], then)
}

// entries are all that wait, the first ones first.
func entries(log target.SyncLog) []string {
	return slices.Concat(log.InWork.Entries, log.Current.Entries)
}
