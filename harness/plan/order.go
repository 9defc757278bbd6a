package plan

import (
	"fmt"
	"slices"
	"strings"
)

// checkOrder walks the steps as the pair would and says which of them cannot
// be carried out where they stand. It looks at what is certain before a drill
// starts; traffic while no server serves is no error, since users do try then
// and are refused.
func checkOrder(p *Plan, names Names) Errors {
	w := newWalk(names)
	for _, s := range p.Steps {
		w.step(s)
	}
	return w.errs
}

// machine is one of the pair's two servers; roles move, machines do not.
type machine int

func (m machine) other() machine { return 1 - m }

// inbox is where mail is delivered, and the only mailbox that there is.
const inbox = "INBOX"

type box struct{ account, mailbox string }

type injection struct {
	fault string
	on    machine
}

// walk is what is known of the pair at a step. Lines are 0 for what has not
// happened.
type walk struct {
	names    Names
	errs     Errors
	mail     map[box]*mail
	injected map[injection]int // line
	serving  machine           // to which the clients' address points
	busy     bool              // users have worked, so that nobody knows what a mailbox holds
	running  [2]bool
	killed   [2]int // line
	stopped  int    // line on which replication was stopped
	frozen   int    // line of the freeze
	complete bool   // the freeze has both indexes
	promoted int    // line
	rescued  int    // line
}

func newWalk(names Names) *walk {
	return &walk{names: names, mail: map[box]*mail{}, injected: map[injection]int{}, running: [2]bool{true, true}}
}

func (w *walk) step(s Step) {
	switch s.Kind {
	case KindDeliver:
		for _, account := range s.Deliver.To {
			w.store(box{account, inbox}, s.Deliver.Count)
		}
	case KindAppend:
		w.store(box{s.Append.Account, s.Append.Mailbox}, s.Append.Count)
	case KindExpunge:
		w.expunge(s.Pos, *s.Expunge)
	case KindWait:
		w.wait(s.Pos)
	case KindFault:
		w.fault(*s.Fault)
	case KindFreeze:
		w.freeze(s.Pos)
	case KindPromote:
		w.promote(s.Pos, s.Promote.Server)
	case KindRescue:
		w.rescue(s.Pos, s.Rescue.Server)
	case KindDetect:
		w.detect(s.Pos, s.Detect.Sides)
	case KindRestore:
		w.restore(s.Pos, s.Restore.Restorer.Name)
	default:
		w.laterStep(s)
	}
}

func (w *walk) store(at box, count int) {
	if !w.running[w.serving] {
		return
	}
	if w.mail[at] == nil {
		w.mail[at] = &mail{}
	}
	// What waits in the log of a server that runs may still be sent before it
	// dies; only a stopped replication is certain to leave it behind.
	w.mail[at].store(count, w.promoted > 0 || w.stopped == 0)
}

func (w *walk) expunge(pos Pos, e Expunge) {
	if !w.running[w.serving] || w.busy {
		return
	}
	held := w.mail[box{e.Account, e.Mailbox}]
	if held == nil {
		held = &mail{}
	}
	if total := held.total(); total < e.Count {
		w.errs.Add(pos, "let more arrive before, or expunge fewer",
			"cannot expunge %d of %s's messages: %s can hold %d at this step", e.Count, e.Account, e.Mailbox, total)
		return
	}
	held.expunge(e.Count, e.Which)
}

func (w *walk) wait(pos Pos) {
	const problem = "the pair cannot become replicated: "
	switch {
	case w.promoted > 0:
		w.errs.Add(pos, beforeLine("wait", w.promoted), problem+"since the promotion on line %d there is no replica", w.promoted)
	case !w.running[w.serving]:
		w.errs.Add(pos, beforeLine("wait", w.killed[w.serving]), problem+"the master was killed on line %d", w.killed[w.serving])
	case !w.running[w.serving.other()]:
		w.errs.Add(pos, beforeLine("wait", w.killed[w.serving.other()]), problem+"the replica was killed on line %d", w.killed[w.serving.other()])
	case w.stopped > 0:
		w.errs.Add(pos, beforeLine("wait", w.stopped), problem+"replication was stopped on line %d", w.stopped)
	}
}

// hintForDead says how a killed server could run at this step.
func (w *walk) hintForDead(on machine) string {
	if on != w.serving && w.promoted > 0 {
		return "rescue the old master first"
	}
	return beforeLine("fault", w.killed[on])
}

// machine finds the server that a side means at this step.
func (w *walk) machine(pos Pos, side Side) (machine, bool) {
	switch {
	case side == Master:
		return w.serving, true
	case side == Replica && w.promoted == 0, side == OldMaster && w.promoted > 0:
		return w.serving.other(), true
	case side == Replica:
		w.errs.Add(pos, "it is the master now; the other is the old-master", "there is no replica since the promotion on line %d", w.promoted)
	default:
		w.errs.Add(pos, "promote the replica first, or say master", "there is no old master before a promotion")
	}
	return 0, false
}

func (w *walk) freeze(pos Pos) {
	switch {
	case w.frozen > 0:
		w.errs.Add(pos, "leave one of them out", "the freeze was taken on line %d already", w.frozen)
	case w.promoted > 0:
		w.errs.Add(pos, beforeLine("freeze", w.promoted), "a freeze after the promotion on line %d comes too late: the new master uses UIDs again", w.promoted)
	default:
		w.frozen = pos.Line
		w.complete = w.running[0] && w.running[1]
	}
}

func (w *walk) promote(pos Pos, server Side) {
	switch {
	case w.promoted > 0:
		w.errs.Add(pos, "leave one of them out", "the replica was promoted on line %d already", w.promoted)
	case server != Replica:
		w.errs.Add(pos, "say replica", "cannot promote %s: only the replica can become the master", server)
	case !w.running[w.serving.other()]:
		w.errs.Add(pos, "promote a replica that runs", "cannot promote the replica: it was killed on line %d", w.killed[w.serving.other()])
	case w.running[w.serving]:
		w.errs.Add(pos, "before it, "+w.howToKill(), "cannot promote the replica while the master runs: two masters would be a split brain")
	default:
		w.promoted, w.serving = pos.Line, w.serving.other()
		for _, held := range w.mail {
			held.moveToReplica()
		}
	}
}

func (w *walk) howToKill() string {
	killers := w.names.killers()
	if len(killers) == 0 {
		return "let the master die"
	}
	return fmt.Sprintf("kill the master by the fault %s", strings.Join(killers, " or "))
}

func (w *walk) rescue(pos Pos, server Side) {
	switch {
	case w.promoted == 0:
		w.errs.Add(pos, "kill the master and promote the replica first", "there is no old master to rescue")
	case server != OldMaster:
		w.errs.Add(pos, "say old-master", "cannot rescue %s: it serves, or is in the pair; only the old master can be rescued", server)
	case w.rescued > 0:
		w.errs.Add(pos, "leave one of them out", "the old master was rescued on line %d already", w.rescued)
	default:
		w.rescued = pos.Line
		w.running[w.serving.other()] = true
		w.complete = w.frozen > 0
	}
}

func (w *walk) detect(pos Pos, sides Sides) {
	switch {
	case sides == FrozenSides && w.frozen == 0:
		w.errs.Add(pos, "put a freeze before it, and before any promotion", "cannot compare the sides of the freeze: none was taken")
	case sides == FrozenSides && !w.complete:
		w.errs.Add(pos, "rescue the old master before it", "cannot compare the sides of the freeze: that on line %d lacks the index of a dead server", w.frozen)
	case sides == PairNow && w.promoted > 0:
		w.errs.Add(pos, "compare the sides of the freeze instead (sides: freeze)", "cannot compare master and replica: there is no replica since the promotion on line %d", w.promoted)
	case sides == RescuedAndServing && w.rescued == 0:
		w.errs.Add(pos, "rescue the old master before it", "there is no rescued store to look at")
	case sides == ServingAlone && !w.running[w.serving]:
		w.errs.Add(pos, beforeLine("detect", w.killed[w.serving]), "cannot look at the server that serves: it was killed on line %d", w.killed[w.serving])
	case sides == PairNow:
		for _, side := range []Side{Master, Replica} {
			if on, _ := w.machine(pos, side); !w.running[on] {
				w.errs.Add(pos, beforeLine("detect", w.killed[on]), "cannot compare master and replica: the %s was killed on line %d", side, w.killed[on])
			}
		}
	}
}

func (w *walk) restore(pos Pos, restorer string) {
	rescued := w.serving.other()
	alone := slices.Contains(w.names.WithoutRescued, restorer)
	switch {
	case w.frozen == 0:
		w.errs.Add(pos, "put a freeze before it, and before any promotion", "cannot restore without a freeze: nothing says what was lost and what was expunged")
	case w.rescued == 0 && !alone:
		w.errs.Add(pos, "rescue the old master before it", "cannot restore: there is no rescued store to copy from")
	case !w.running[rescued] && !alone:
		w.errs.Add(pos, beforeLine("restore", w.killed[rescued]), "cannot restore: the rescued store was killed on line %d", w.killed[rescued])
	case !w.running[w.serving]:
		w.errs.Add(pos, beforeLine("restore", w.killed[w.serving]), "cannot restore: the master was killed on line %d", w.killed[w.serving])
	}
}

func beforeLine(kind string, line int) string {
	return fmt.Sprintf("put the %s before line %d", kind, line)
}
