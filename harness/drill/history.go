package drill

import (
	"fmt"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/traffic"
)

// A report tells the history of so many violations of a property, and of each so
// many lines: the first tell what went wrong, and the ledger has all.
const (
	historiesShown    = 20
	historyLinesShown = 12
)

// addHistories tells of each violation what led to it: what its user did, what
// detectors found there, and what restores did about it.
func (r *run) addHistories() {
	h := historian{run: r, bodies: map[[2]string]string{}}
	for _, m := range r.ledger.Messages() {
		h.bodies[[2]string{m.Account, m.Marker}] = m.BodySHA1
	}
	for i := range r.result.Properties {
		violations := r.result.Properties[i].Violations
		for j := range violations[:min(len(violations), historiesShown)] {
			violations[j].History = h.tell(violations[j])
		}
	}
}

type historian struct {
	*run
	bodies map[[2]string]string // SHA-1 by account and marker
}

func (h historian) tell(v property.Violation) []string {
	if v.Account == "" {
		return nil
	}
	if v.GUID == "" && v.Marker != "" {
		v.GUID = h.bodies[[2]string{v.Account, v.Marker}]
	}
	var lines []string
	for _, e := range h.ledger.Entries() {
		if e.Account == v.Account && concerns(e, v) {
			lines = append(lines, entryInWords(e))
		}
	}
	for _, f := range h.result.Findings {
		if samePlace(f.Place, v) {
			lines = append(lines, fmt.Sprintf("%s found: %s", f.Detector, f))
		}
	}
	lines = append(lines, h.repairs(v)...)
	if len(lines) > historyLinesShown {
		more := fmt.Sprintf("… and %d more, in the results", len(lines)-historyLinesShown)
		lines = append(lines[:historyLinesShown:historyLinesShown], more)
	}
	return lines
}

// concerns says whether an operation may have to do with a violation: it is
// about the same message, or, where that is about none, the same mailbox or
// script.
func concerns(e traffic.Entry, v property.Violation) bool {
	switch {
	case v.Marker != "":
		return e.Marker == v.Marker
	case v.Script != "":
		return e.Name == v.Script
	case v.Mailbox != "":
		return e.Marker == "" && (e.Mailbox == v.Mailbox || e.To == v.Mailbox)
	}
	return false
}

func samePlace(p target.Place, v property.Violation) bool {
	switch {
	case p.Account != v.Account:
		return false
	case v.GUID != "":
		return p.GUID == v.GUID
	case v.Script != "":
		return p.Script == v.Script
	}
	return v.Mailbox != "" && p.Mailbox == v.Mailbox && p.GUID == ""
}

func (h historian) repairs(v property.Violation) []string {
	var lines []string
	about := func(a restore.Action) bool {
		return samePlace(target.Place{Account: a.Account, Mailbox: a.Mailbox, GUID: a.GUID, Script: a.Name}, v)
	}
	for _, done := range h.result.Restores {
		for _, a := range done.Plan.Actions {
			if about(a) {
				lines = append(lines, fmt.Sprintf("step %d, %s: %s", done.Step, done.Plan.Restorer, a))
			}
		}
		for _, left := range done.Report.Left {
			if about(left.Action) {
				lines = append(lines, fmt.Sprintf("step %d, %s: could not be done: %s", done.Step, done.Plan.Restorer, left.Reason))
			}
		}
	}
	if len(lines) == 0 && len(h.result.Restores) > 0 {
		return []string{"no restore did anything about it"}
	}
	return lines
}

func entryInWords(e traffic.Entry) string {
	text := fmt.Sprintf("%s %s: %s", e.SentAt.UTC().Format(time.DateTime), e.Session, e.Op)
	for _, part := range []string{e.Mailbox, e.Name} {
		if part != "" {
			text += " " + part
		}
	}
	if e.To != "" {
		text += " to " + e.To
	}
	text += " on " + e.Server
	if e.Outcome == "" {
		return text + ": no answer"
	}
	return text + ": " + string(e.Outcome)
}
