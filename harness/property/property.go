// Package property holds what must be true at the end of a drill. Each property
// is one file and one value in [All], and has a test that plants the bug which
// it must catch.
//
// Properties hold the ledger (what users were promised) against the [Mail]
// that users can read at the end, through the user's view alone. They know
// nothing of faults, findings or restorers.
//
//	go test ./harness/property
package property

import (
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/traffic"
)

// Verdict is what a check concludes. Unknown is never a pass.
type Verdict string

// The verdicts.
const (
	Pass    Verdict = "pass"
	Fail    Verdict = "fail"
	Unknown Verdict = "unknown"
)

// Property is one thing that must hold.
type Property interface {
	// Number is the property's number in docs/design.md.
	Number() int
	Name() string
	// Doc says in one line what must hold.
	Doc() string
	// Check judges the scene.
	Check(scene Scene) Result
}

// Scene is what properties judge: promises, and what users can read.
type Scene struct {
	Promises []traffic.Message
	Mail     Mail
}

// Result is what became of one property.
type Result struct {
	Number     int         `json:"number"`
	Name       string      `json:"name"`
	Verdict    Verdict     `json:"verdict"`
	Checked    int         `json:"checked"` // promises that were held against the mail
	Violations []Violation `json:"violations,omitempty"`
	// Unknown lists what could not be judged, and why.
	Unknown []string `json:"unknown,omitempty"`
}

// Broken says how often the property was broken: "once", "11 times".
func (r Result) Broken() string {
	if len(r.Violations) == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", len(r.Violations))
}

// Violation is one promise that was broken.
type Violation struct {
	target.Place
	Marker string `json:"marker"`
	Text   string `json:"text"`
}

func (v Violation) String() string {
	return fmt.Sprintf("message %s, %s: %s", v.Marker, v.Place, v.Text)
}

// conclude fills in the verdict: a violation is a fail whatever else is
// unknown, and a property that had nothing to check has shown nothing.
func (r Result) conclude() Result {
	switch {
	case len(r.Violations) > 0:
		r.Verdict = Fail
	case len(r.Unknown) > 0:
		r.Verdict = Unknown
	case r.Checked == 0:
		r.Verdict = Unknown
		r.Unknown = []string{"no promise in this drill is one that the property is about"}
	default:
		r.Verdict = Pass
	}
	return r
}

func (r *Result) violate(server target.ServerName, m traffic.Message, uid uint32, format string, args ...any) {
	r.Violations = append(r.Violations, Violation{
		Place:  target.Place{Server: server, Account: m.Account, Mailbox: m.Mailbox, UID: uid},
		Marker: m.Marker, Text: fmt.Sprintf(format, args...),
	})
}

// All returns the properties, by number.
func All() []Property { return []Property{NoLoss{}, NoResurrection{}} }

// ByName returns the property of that name.
func ByName(name string) (Property, bool) {
	for _, p := range All() {
		if p.Name() == name {
			return p, true
		}
	}
	return nil, false
}
