package field

import (
	"slices"
	"time"
	_ "time/tzdata" // a machine without zones is to know those of the file, too

	"github.com/cyrdrill/cyrdrill/harness/document"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Window is a time of maintenance of one server: once, from From to To, or each week.
type Window struct {
	Server   target.ServerName
	Because  string
	From, To time.Time // once
	Weekly   *Weekly   // nil: once

	pos document.Pos
}

// Weekly is when a window begins in each week, and how long it is.
type Weekly struct {
	Day          time.Weekday
	Hour, Minute int
	Length       time.Duration // by the clock on the wall
	Zone         *time.Location
}

// tooLong is more than any work takes of which nothing need be seen: an outage goes
// unseen for as long as a window is wide.
const tooLong = 7 * 24 * time.Hour

// Covers says whether a moment lies in the window; its end does not.
func (w Window) Covers(now time.Time) bool {
	if w.Weekly == nil {
		return !now.Before(w.From) && now.Before(w.To)
	}
	return w.Weekly.covers(now)
}

// covers tries the days on which a window that covers now may have begun. It is shorter
// than a day, and goes by the clock on the wall.
func (w *Weekly) covers(now time.Time) bool {
	local := now.In(w.Zone)
	for back := range 2 {
		from := time.Date(local.Year(), local.Month(), local.Day()-back, w.Hour, w.Minute, 0, 0, w.Zone)
		minutes := w.Hour*60 + w.Minute + int(w.Length/time.Minute)
		to := time.Date(local.Year(), local.Month(), local.Day()-back, 0, minutes, 0, 0, w.Zone)
		if from.Weekday() == w.Day && !now.Before(from) && now.Before(to) {
			return true
		}
	}
	return false
}

// Maintained returns the window that covers a moment on a server.
func (c *Config) Maintained(server target.ServerName, now time.Time) (Window, bool) {
	i := slices.IndexFunc(c.Maintenance, func(w Window) bool { return w.Server == server && w.Covers(now) })
	if i < 0 {
		return Window{}, false
	}
	return c.Maintenance[i], true
}

// days are the names of weekdays in a configuration.
var days = map[string]time.Weekday{
	"sunday": time.Sunday, "monday": time.Monday, "tuesday": time.Tuesday, "wednesday": time.Wednesday,
	"thursday": time.Thursday, "friday": time.Friday, "saturday": time.Saturday,
}

func (d *decoder) maintenance(n *document.Node, servers []ServerConfig) []Window {
	var windows []Window
	for _, item := range n.List() {
		w, ok := d.window(item)
		if w.Server == "" {
			continue // the schema has told
		}
		if !slices.ContainsFunc(servers, func(s ServerConfig) bool { return s.Name == w.Server }) {
			names := make([]string, len(servers))
			for i, s := range servers {
				names[i] = string(s.Name)
			}
			d.errs.Add(item.Get("server").Place(item.Pos), document.Suggest(string(w.Server), names), "there is no server %q", w.Server)
		}
		if !ok {
			continue
		}
		for _, before := range windows {
			d.checkOverlap(before, w)
		}
		windows = append(windows, w)
	}
	return windows
}

func (d *decoder) window(n *document.Node) (w Window, ok bool) {
	for _, key := range []string{"from", "to"} {
		if n.Get(key) == nil {
			return w, false // the schema has told
		}
	}
	w = Window{Server: target.ServerName(n.Get("server").Str()), Because: n.Get("because").Str(), pos: n.Pos}
	if n.Get("weekly") != nil {
		w.Weekly, ok = d.weekly(n)
		return w, ok
	}
	if zone := n.Get("zone"); zone != nil {
		d.errs.Add(zone.Pos, "write the zone into from and to, like 2026-12-01T22:00:00+01:00", "zone is for weekly windows")
	}
	var fromOK, toOK bool
	w.From, fromOK = d.moment(n.Get("from"), "from")
	w.To, toOK = d.moment(n.Get("to"), "to")
	if !fromOK || !toOK {
		return w, false
	}
	switch length := w.To.Sub(w.From); {
	case length <= 0:
		d.errs.Add(n.Get("to").Place(n.Pos), "let it end after it has begun", "the window ends before it begins")
		return w, false
	case length > tooLong:
		d.errs.Add(n.Get("to").Place(n.Pos), "write one for each time of work", "the window is %s long: as long would an outage go unseen; a week is the most", length)
		return w, false
	}
	return w, true
}

func (d *decoder) moment(n *document.Node, key string) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339, n.Str())
	if err != nil {
		d.errs.Add(n.Pos, "write one like 2026-12-01T22:00:00Z, or say weekly", "%s %q is no moment", key, n.Str())
	}
	return t, err == nil
}

func (d *decoder) weekly(n *document.Node) (*Weekly, bool) {
	w := &Weekly{Day: days[n.Get("weekly").Str()], Zone: time.UTC}
	if zone := n.Get("zone"); zone != nil {
		found, err := time.LoadLocation(zone.Str())
		if err != nil || zone.Str() == "Local" {
			d.errs.Add(zone.Pos, "write one like Europe/Berlin", "zone %q is not known", zone.Str())
			return nil, false
		}
		w.Zone = found
	}
	from, fromOK := d.timeOfDay(n.Get("from"), "from")
	to, toOK := d.timeOfDay(n.Get("to"), "to")
	if !fromOK || !toOK {
		return nil, false
	}
	if from == to {
		d.errs.Add(n.Get("to").Place(n.Pos), "let it end after it has begun", "the window ends when it begins")
		return nil, false
	}
	w.Hour, w.Minute = from/60, from%60
	w.Length = time.Duration((to-from+24*60)%(24*60)) * time.Minute
	return w, true
}

// timeOfDay reads minutes since midnight.
func (d *decoder) timeOfDay(n *document.Node, key string) (int, bool) {
	t, err := time.Parse("15:04", n.Str())
	if err != nil {
		d.errs.Add(n.Pos, "write one like \"22:00\"", "%s %q is no time of day", key, n.Str())
	}
	return t.Hour()*60 + t.Minute(), err == nil
}

// checkOverlap wants windows of one server apart: of two that overlap, one is a slip.
func (d *decoder) checkOverlap(a, b Window) {
	if a.Server != b.Server {
		return
	}
	switch {
	case a.Weekly != nil && b.Weekly != nil && a.Weekly.Zone.String() != b.Weekly.Zone.String():
		d.errs.Add(b.pos, "write all weekly windows of a server in one zone", "the window's zone is %s, and that of the one on line %d is %s", b.Weekly.Zone, a.pos.Line, a.Weekly.Zone)
	case overlap(a, b):
		d.errs.Add(b.pos, "make one window of both, or set them apart", "the window overlaps the one on line %d, of %s too", a.pos.Line, a.Server)
	}
}

func overlap(a, b Window) bool {
	switch {
	case a.Weekly == nil && b.Weekly == nil:
		return a.From.Before(b.To) && b.From.Before(a.To)
	case a.Weekly == nil:
		return overlap(b, a)
	case b.Weekly == nil: // it is no shorter than a minute, or begins or ends within one
		for at := b.From; at.Before(b.To); at = at.Add(time.Minute) {
			if a.Covers(at) {
				return true
			}
		}
		return a.Covers(b.To.Add(-time.Nanosecond))
	}
	const week = 7 * 24 * time.Hour
	after := (b.Weekly.begins() - a.Weekly.begins() + week) % week // from a's beginning to b's next
	return after < a.Weekly.Length || week-after < b.Weekly.Length
}

// begins is how long after the beginning of the week a window begins.
func (w *Weekly) begins() time.Duration {
	return time.Duration(w.Day)*24*time.Hour + time.Duration(w.Hour)*time.Hour + time.Duration(w.Minute)*time.Minute
}
