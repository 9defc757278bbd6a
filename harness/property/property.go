// Package property holds what must be true at the end of a drill. Each property
// is one file and one value in [All], and has a test that plants the bug which
// it must catch.
//
// Properties hold the ledger (what users were promised) against the [Scene]:
// what users can read, see and set at the end, and what the operator was told.
// They know nothing of faults, findings or restorers. The scene is filled by
// [ReadMail], [ReadStates], [Probe], [ReadSides] and [Cross].
//
// Where the evidence of a [Frozen] pair cannot tell whether a message was
// deleted, a restore may call it doubtful; whether it rightly did is judged by
// [Frozen.Decide].
//
//	go test ./harness/property
package property

import (
	"fmt"
	"time"

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

// Scene is what properties judge. What nobody filled in is not known.
type Scene struct {
	Promises []traffic.Message
	Mail     Mail
	Accounts []traffic.Account
	// Sightings and Counts are what users were shown during the drill.
	Sightings []traffic.Sighting
	Counts    []traffic.Count
	// Flagged are the changes of flags that the server which serves has acknowledged since
	// it took over.
	Flagged []traffic.Entry
	States  map[string]AccountState // by account
	Probes  map[string][]Filing     // by account
	// Reported is what the operator was told; Frozen is what it can be held
	// against, nil where no freeze was taken.
	Reported Reported
	Frozen   *Frozen
	// Sides are both servers, Imap1 first; nil without a replica.
	Sides     [2]*SideState
	Crossings []Crossing
	Looks     []Look
	// Repeats are what restores left, beside what they should have; Estimates what
	// they told of the time that was left.
	Repeats   []Repeat
	Estimates []Estimate
	// Glimpses are what accounts see of each other's mailboxes.
	Glimpses []Glimpse
	// Outages is how long each account's user was without service.
	Outages map[string]time.Duration
}

// Result is what became of one property.
type Result struct {
	Number     int         `json:"number"`
	Name       string      `json:"name"`
	Verdict    Verdict     `json:"verdict"`
	Checked    int         `json:"checked"` // promises that were held against the scene
	Violations []Violation `json:"violations,omitempty"`
	// Unknown lists what could not be judged, and why.
	Unknown []string `json:"unknown,omitempty"`
	// Reported lists what would be a violation, had the operator not been told.
	Reported []string `json:"reported,omitempty"`
	// Noted lists what is worth knowing and breaks no promise.
	Noted []Note `json:"noted,omitempty"`
}

// Note is one thing worth knowing about an account.
type Note struct {
	Account string `json:"account"`
	Text    string `json:"text"`
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
	Marker string `json:"marker"` // empty: it is not about one message
	Text   string `json:"text"`
	// History tells what led to it, the oldest first. A check leaves it empty:
	// it is for whoever knows the whole drill to fill in.
	History []string `json:"history,omitempty"`
}

func (v Violation) String() string {
	if v.Marker == "" {
		return fmt.Sprintf("%s: %s", v.Place, v.Text)
	}
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
	at := target.Place{Server: server, Account: m.Account, Mailbox: m.Mailbox, UID: uid}
	r.violateAt(at, m.Marker, format, args...)
}

func (r *Result) violateAt(at target.Place, marker, format string, args ...any) {
	r.Violations = append(r.Violations, Violation{Place: at, Marker: marker, Text: fmt.Sprintf(format, args...)})
}

func (r *Result) unknown(format string, args ...any) {
	r.Unknown = append(r.Unknown, fmt.Sprintf(format, args...))
}

func (r *Result) note(account, format string, args ...any) {
	r.Noted = append(r.Noted, Note{Account: account, Text: fmt.Sprintf(format, args...)})
}

// told says whether a server's answer can be judged. A definite no is a
// violation; what proves nothing is unknown.
func (r *Result) told(at target.Place, what string, err error) bool {
	switch {
	case err == nil:
		return true
	case isRefusal(err):
		r.Checked++
		r.violateAt(at, "", "%s: %s", what, err)
	default:
		r.unknown("%s: %s: %s", at, what, err)
	}
	return false
}

// All returns the properties, by number.
func All() []Property {
	return []Property{
		NoLoss{}, NoResurrection{}, NoDoubles{}, StateKept{}, RulesCurrent{}, IMAPPromises{}, Access{}, Repeatable{}, Convergence{}, Isolation{}, LookingChangesNothing{}, LossesTold{},
	}
}

// ByName returns the property of that name.
func ByName(name string) (Property, bool) {
	for _, p := range All() {
		if p.Name() == name {
			return p, true
		}
	}
	return nil, false
}
