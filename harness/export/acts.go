package export

import (
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/plan"
)

// act is one thing that an exported plan does, in the words that both formats share.
type act struct {
	kind    actKind
	text    string // of a comment
	server  int    // 1 or 2: on which it happens
	account string
	markers []string // of the messages that arrive: their Subject
	count   int      // how many are expunged
	newest  bool     // of them, the newest ones; else the oldest
	seconds int      // how long to wait at most
}

type actKind int

const (
	actComment actKind = iota
	actDeliver
	actAppend
	actExpunge
	actWait
	actStopReplication
	actKill
	actPromote
	actCutIndex
	actRemoveIndex
)

// properties are the promises that an exported plan can judge.
var properties = map[string]bool{"no-loss": true, "no-resurrection": true, "no-doubles": true, "access": true, "convergence": true}

// exported is a plan in terms of acts.
type exported struct {
	plan    *plan.Plan
	acts    []act
	serving int // at the end
}

// exporter turns steps into acts.
type exporter struct {
	exported
	errs plan.Errors
	sent map[string]int // messages that each account was sent by now
}

// Check says what of a plan cannot be exported, each with its place; nil: all can.
func Check(p *plan.Plan) error {
	_, err := translate(p)
	return err
}

func translate(p *plan.Plan) (exported, error) {
	e := &exporter{exported: exported{plan: p, serving: 1}, sent: map[string]int{}}
	for _, s := range p.Steps {
		e.step(s)
	}
	for _, ref := range p.Expect.Properties {
		if !properties[ref.Name] {
			e.errs.Add(ref.Pos, "leave it out, or reduce the plan to another property", "cannot export the property %q: it takes cyrdrill to judge it", ref.Name)
		}
	}
	return e.exported, e.errs.Of(p.File)
}

func (e *exporter) add(a act) { e.acts = append(e.acts, a) }

func (e *exporter) comment(format string, args ...any) {
	e.add(act{kind: actComment, text: fmt.Sprintf(format, args...)})
}

func (e *exporter) refuse(pos plan.Pos, format string, args ...any) {
	e.errs.Add(pos, "reduce the plan to one without it", "cannot export "+format, args...)
}

func (e *exporter) step(s plan.Step) {
	switch s.Kind {
	case plan.KindDeliver:
		for _, account := range s.Deliver.To {
			e.add(act{kind: actDeliver, server: e.serving, account: account, markers: e.markers(account, s.Deliver.Count)})
		}
	case plan.KindAppend:
		e.add(act{kind: actAppend, server: e.serving, account: s.Append.Account, markers: e.markers(s.Append.Account, s.Append.Count)})
	case plan.KindExpunge:
		if s.Expunge.Which == plan.Random {
			e.refuse(s.Pos, "an expunge of random messages: which ones is cyrdrill's chance; say oldest or newest")
			return
		}
		e.add(act{kind: actExpunge, server: e.serving, account: s.Expunge.Account, count: s.Expunge.Count, newest: s.Expunge.Which == plan.Newest})
	case plan.KindWait:
		e.add(act{kind: actWait, seconds: int(s.Wait.Within.Seconds())})
	case plan.KindFault:
		e.fault(s)
	case plan.KindFreeze:
		e.comment("Here cyrdrill keeps the evidence; nothing changes.")
	case plan.KindDetect:
		e.comment("Here cyrdrill's detector %s looks; nothing changes.", s.Detect.Detector.Name)
	case plan.KindPromote:
		e.serving = 3 - e.serving
		e.add(act{kind: actPromote, server: e.serving})
	default:
		e.refuse(s.Pos, "the step %q: it takes cyrdrill to carry it out", s.Kind)
	}
}

// markers name an account's next messages.
func (e *exporter) markers(account string, count int) []string {
	markers := make([]string, count)
	for i := range markers {
		e.sent[account]++
		markers[i] = fmt.Sprintf("%s-%04d", account, e.sent[account])
	}
	return markers
}

func (e *exporter) fault(s plan.Step) {
	f, pos := s.Fault, s.Fault.Names()[0].Pos
	if len(f.Any) > 0 {
		e.refuse(s.Pos, "a fault that is drawn from several")
		return
	}
	on := e.serving
	if f.On != plan.Master {
		on = 3 - e.serving
	}
	switch name := f.Name.Name; name {
	case "replication-stopped":
		e.add(act{kind: actStopReplication, server: on})
	case "process-killed":
		e.add(act{kind: actKill, server: on})
	case "index-truncated", "index-deleted":
		if f.Count != len(f.Accounts) {
			e.refuse(pos, "%s of %d of %d accounts' mailboxes: which ones is cyrdrill's chance; name as many accounts as are hurt", name, f.Count, len(f.Accounts))
			return
		}
		kind := actCutIndex
		if name == "index-deleted" {
			kind = actRemoveIndex
		}
		for _, account := range f.Accounts {
			e.add(act{kind: kind, server: on, account: account})
		}
	default:
		e.refuse(pos, "the fault %q: no plain command does just that", name)
	}
}

// expects says whether a plan expects a property.
func (e exported) expects(name string) bool {
	for _, ref := range e.plan.Expect.Properties {
		if ref.Name == name {
			return true
		}
	}
	return false
}
