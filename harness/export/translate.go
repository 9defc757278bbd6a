package export

import (
	"fmt"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/traffic"
)

// Rehearsal carries out a plan where nothing is at stake, and returns what users did: what
// they draw follows from the seed and from what they see.
type Rehearsal func(*plan.Plan) ([]traffic.Entry, error)

// properties are the promises that an exported plan can judge.
var properties = map[string]bool{"no-loss": true, "no-resurrection": true, "no-doubles": true, "access": true, "convergence": true}

const (
	crashWatch   = "crash-watch"
	nothingFound = "nothing-found"
)

// exported is a plan in terms of acts.
type exported struct {
	plan    *plan.Plan
	acts    []act
	serving int // at the end
}

// exporter turns steps into acts.
type exporter struct {
	exported
	rehearse  Rehearsal
	errs      plan.Errors
	sent      map[string]int  // messages that each account was sent by now
	elsewhere map[string]bool // accounts that have mail outside their INBOX
}

// Check says what of a plan cannot be exported, each with its place; nil: all can.
func Check(p *plan.Plan, rehearse Rehearsal) error {
	_, err := translate(p, rehearse)
	return err
}

func translate(p *plan.Plan, rehearse Rehearsal) (exported, error) {
	e := &exporter{exported: exported{plan: p, serving: 1}, rehearse: rehearse, sent: map[string]int{}, elsewhere: map[string]bool{}}
	for i, s := range p.Steps {
		e.step(i, s)
	}
	e.expected()
	return e.exported, e.errs.Of(p.File)
}

// expected looks through what is promised. A bug that shows in something else than what
// is judged would not be shown.
func (e *exporter) expected() {
	for _, ref := range e.plan.Expect.Properties {
		if !properties[ref.Name] {
			e.errs.Add(ref.Pos, "leave it out, or reduce the plan to another property", "cannot export the property %q: it takes cyrdrill to judge it", ref.Name)
		}
	}
	for _, ref := range e.plan.Expect.Marks {
		if ref.Name == nothingFound && e.onlyCrashesAreLookedFor() {
			e.add(act{kind: actCrashes})
		}
	}
}

func (e *exporter) onlyCrashesAreLookedFor() bool {
	looked := false
	for _, s := range e.plan.Steps {
		if s.Kind == plan.KindDetect {
			if s.Detect.Detector.Name != crashWatch {
				return false
			}
			looked = true
		}
	}
	return looked
}

func (e *exporter) add(a act) { e.acts = append(e.acts, a) }

func (e *exporter) comment(format string, args ...any) {
	e.add(act{kind: actComment, text: fmt.Sprintf(format, args...)})
}

func (e *exporter) refuse(pos plan.Pos, format string, args ...any) {
	e.errs.Add(pos, "reduce the plan to one without it", "cannot export "+format, args...)
}

func (e *exporter) step(at int, s plan.Step) {
	switch s.Kind {
	case plan.KindDeliver:
		e.deliver(s)
	case plan.KindAppend:
		if s.Append.Mailbox != traffic.Inbox {
			e.refuse(s.Pos, "an append to %s: only mail in an INBOX is looked after", s.Append.Mailbox)
			return
		}
		e.add(act{kind: actAppend, server: e.serving, account: s.Append.Account, markers: e.markers(s.Append.Account, s.Append.Count)})
	case plan.KindExpunge:
		e.expunge(at, s)
	case plan.KindWait:
		e.add(act{kind: actWait, seconds: int(s.Wait.Within.Seconds())})
	case plan.KindFault:
		e.fault(s)
	case plan.KindFreeze:
		e.comment("Here cyrdrill keeps the evidence; nothing changes.")
	case plan.KindDetect:
		e.comment("Here cyrdrill's detector %s looks; nothing changes.", s.Detect.Detector.Name)
	case plan.KindPromote:
		e.promote(at)
	case plan.KindWork, plan.KindRules:
		e.drawn(at, s.Pos)
	case plan.KindExpire:
		e.add(act{kind: actTool, server: e.side(s.Expire.Server), words: []string{"cyr_expire", "-E", "1", "-X", "0", "-D", "0"}})
	case plan.KindRescue:
		e.comment("Here cyrdrill brings the old master up apart, for others to look; nothing changes.")
	case plan.KindResync:
		e.add(act{kind: actResync, server: e.serving})
	default:
		e.refuse(s.Pos, "the step %q: %s", s.Kind, stepReasons[s.Kind])
	}
}

// stepReasons say why a step is not exported.
var stepReasons = map[plan.Kind]string{
	plan.KindRestore:  "what a restore does follows from what it finds, and it takes cyrdrill to plan it",
	plan.KindSeed:     "it takes cyrdrill to put mail in bulk on both servers alike",
	plan.KindClock:    "no plain command moves the clocks of two servers alone",
	plan.KindFailback: "how the roles are swapped is the business of whoever has the servers",
}

func (e *exporter) deliver(s plan.Step) {
	to := s.Deliver.To
	if len(to) == 0 {
		to = e.plan.Accounts
	}
	for _, account := range to {
		e.add(act{kind: actDeliver, server: e.serving, account: account, markers: e.markers(account, s.Deliver.Count)})
	}
}

func (e *exporter) expunge(at int, s plan.Step) {
	switch {
	case s.Expunge.Mailbox != traffic.Inbox:
		e.refuse(s.Pos, "an expunge from %s: only mail in an INBOX is looked after", s.Expunge.Mailbox)
	case s.Expunge.Which == plan.Random:
		e.drawn(at, s.Pos)
	default:
		e.add(act{kind: actExpunge, server: e.serving, account: s.Expunge.Account, count: s.Expunge.Count, newest: s.Expunge.Which == plan.Newest})
	}
}

// promote lets users go to the other server. Where the plan goes on to replicate from it,
// it has to be a master's configuration that it runs with from now on.
func (e *exporter) promote(at int) {
	e.serving = 3 - e.serving
	a := act{kind: actPromote, server: e.serving}
	if slices.ContainsFunc(e.plan.Steps[at+1:], func(s plan.Step) bool { return s.Kind == plan.KindResync }) {
		a.words = []string{"PROMOTE"}
	}
	e.add(a)
}

// side returns the number of a server.
func (e *exporter) side(side plan.Side) int {
	if side == plan.Master || side == "" {
		return e.serving
	}
	return 3 - e.serving
}

// markers name an account's next messages.
func (e *exporter) markers(account string, count int) []string {
	markers := make([]string, count)
	for i := range markers {
		e.sent[account]++
		markers[i] = marker(account, e.sent[account])
	}
	return markers
}

func marker(account string, number int) string { return fmt.Sprintf("%s-%04d", account, number) }

// expects says whether a plan expects a property.
func (e exported) expects(name string) bool {
	for _, ref := range e.plan.Expect.Properties {
		if ref.Name == name {
			return true
		}
	}
	return false
}

func (e exported) does(kind actKind) bool {
	for _, a := range e.acts {
		if a.kind == kind {
			return true
		}
	}
	return false
}
