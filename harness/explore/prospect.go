package explore

import (
	"fmt"
	"slices"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Prospect is what can be promised of a plan before it is run.
type Prospect struct {
	// Recoverable: one good copy of every message that users were promised remains, and
	// the plan brings it back where it is missing. Then nothing may be lost.
	Recoverable bool
	// Properties are those that must hold at the end, and Marks the situations that are
	// sure to be reached.
	Properties, Marks []string
	// Because says of each property that is not promised what may break it.
	Because map[string]string
	// Calm: nothing breaks in the plan, so that no detector may find anything.
	Calm bool
	// Whole says of each step, by its index, that nothing before it may keep it from being
	// carried out.
	Whole []bool
}

// Foresee derives what can be promised of a plan from its steps, what its faults declare
// to damage, and which server has which role when. It errs on the side of promising less:
// what is promised must hold.
func Foresee(p *plan.Plan) Prospect {
	f := &foresight{accounts: len(p.Accounts), pair: true, calm: true, marks: map[string]bool{}, done: map[string]bool{}, ran: map[string]int{}, seen: map[string]bool{}}
	for i, step := range p.Steps {
		f.step = i
		f.whole = append(f.whole, f.unhurt(step))
		f.walk(step)
	}
	return f.conclude(p)
}

// wrong is something of a server's copy that may not be what users were promised.
type wrong struct {
	kind target.Kind
	why  string
	// late: it came after the freeze, so that no restore knows how it was before.
	late bool
}

// foresight is what is known of the pair at a step.
type foresight struct {
	step     int
	accounts int
	serving  int // machine
	wrong    [2][]wrong
	pair     bool   // there is a replica
	behind   string // why the replica may lack changes; empty: it lacks none
	unfrozen bool   // some of them came after the freeze
	stopped  bool   // replication does not go on by itself
	calm     bool   // nothing has been broken, and no side has forgotten anything alone
	tidied   string // why a look may change what is looked at
	untold   string // why what is lost may be told of otherwise than by the message that it was
	looked   bool   // a detector has looked
	restored bool   // a restorer was at work
	marks    map[string]bool
	whole    []bool

	// Of the incident at hand.
	promoted bool
	frozen   bool            // the freeze was taken
	rescued  bool            // the old master is up apart, and has completed it
	compared bool            // index-compare has looked at both sides of it
	scripted bool            // script-compare has looked at the scripts of both
	opened   bool            // access has tried every mailbox of the new master
	caches   bool            // client-caches has looked since the promotion
	seen     map[string]bool // detectors that have looked at all there is since anything last happened
	unlisted bool            // in an incident before, it has not
	done     map[string]bool
	ran      map[string]int // restorers by name, at which step
	worked   int            // the step at which users last changed anything
	unfiled  bool           // scripts are restored, and not the mailboxes that they file into
}

func (f *foresight) walk(s plan.Step) {
	switch s.Kind {
	case plan.KindDetect, plan.KindWait, plan.KindClock, plan.KindFreeze:
	default:
		f.seen = map[string]bool{}
	}
	switch s.Kind {
	case plan.KindDeliver, plan.KindAppend, plan.KindExpunge, plan.KindWork, plan.KindRules:
		f.lag(fmt.Sprintf("step %d may not have been replicated", f.step+1))
	case plan.KindWait:
		f.behind, f.unfrozen = "", false
	case plan.KindFault:
		for _, ref := range s.Fault.Names() {
			f.fault(ref.Name, f.machine(s.Fault.On))
		}
	case plan.KindExpire:
		f.expire(s.Expire.Server)
	case plan.KindFreeze:
		f.frozen = true
	case plan.KindPromote:
		f.promote()
	case plan.KindRescue:
		f.rescue()
	case plan.KindDetect:
		f.detect(*s.Detect)
	case plan.KindRestore:
		f.restore(*s.Restore)
	case plan.KindResync:
		f.resync()
	case plan.KindFailback:
		f.serving, f.behind = 1-f.serving, ""
		f.marks[drill.MarkRolesSwapped] = f.marks[drill.MarkRolesSwapped] || f.whole[f.step]
	case plan.KindClock:
		f.marks[drill.MarkClockMoved] = f.marks[drill.MarkClockMoved] || s.Clock.Advance >= 24*time.Hour
	}
}

func (f *foresight) machine(side plan.Side) int {
	if side == plan.Master {
		return f.serving
	}
	return 1 - f.serving
}

// hurt notes damage. What is wrong on the server that serves, and is no matter of its
// files alone, may be replicated.
func (f *foresight) hurt(machine int, kind target.Kind, why string) {
	w := wrong{kind: kind, why: why, late: f.frozen}
	if tidied(kind) {
		f.tidied = why
	}
	f.wrong[machine] = append(f.wrong[machine], w)
	if f.pair && (machine == f.serving && !ofFiles(kind) || machine != f.serving && copiedBack(kind)) {
		f.wrong[1-machine] = append(f.wrong[1-machine], w)
	}
}

// copiedBack says whether replication may carry damage of a kind from the replica to its
// master, which Cyrus does where the replica's copy seems to be the newer one.
func copiedBack(kind target.Kind) bool {
	switch kind {
	case target.GUIDDiffers, target.ModSeqDiffers, target.ScriptDiffers, target.MessageDoubled, target.MessageLost, target.LastUIDDiffers:
		return true
	}
	return false
}

// expire forgets what was deleted. What the replica has not heard of by then it never
// hears of: Cyrus has no tombstone left of a mailbox that it could send.
func (f *foresight) expire(on plan.Side) {
	f.calm = false
	if on == plan.Master && f.pair && f.behind != "" {
		f.stopped = true
		why := fmt.Sprintf("step %d: expired before it was replicated", f.step+1)
		f.wrong[1-f.serving] = append(f.wrong[1-f.serving], wrong{kind: target.ExpungeMissing, why: why, late: true})
	}
}

// lag notes that the replica may lack what happens now.
func (f *foresight) lag(why string) {
	f.worked = f.step
	if f.unfiled {
		f.wrong[f.serving] = append(f.wrong[f.serving], wrong{kind: target.FlagsDiffer, why: why + ", and mail is filed into mailboxes that are not there yet", late: true})
	}
	if f.promoted {
		return // there is none
	}
	f.behind, f.unfrozen = why, f.unfrozen || f.frozen
}

func (f *foresight) fault(name string, on int) {
	why := fmt.Sprintf("step %d: %s", f.step+1, name)
	f.calm = false
	if !slices.Contains(passing(), name) {
		f.stopped = true
	}
	if changes(name) {
		f.lag(why)
	}
	if untold(name) {
		f.untold = why
	}
	passes := slices.Contains(passing(), name)
	for _, h := range harms()[name] {
		machine := on
		if h.peer {
			machine = 1 - on
		}
		if passes && (h.kind == target.ServerDown || h.kind == target.ProcessCrashed || h.kind == target.ReplicaBehind) {
			continue
		}
		f.hurt(machine, h.kind, why)
	}
	if name == "hasty-failover" {
		f.promote()
	}
}

func (f *foresight) promote() {
	f.serving, f.pair, f.promoted = 1-f.serving, false, true
	f.compared, f.opened, f.caches, f.done, f.ran = false, false, false, map[string]bool{}, map[string]int{}
	f.unfiled, f.scripted = false, false
	if f.behind != "" {
		f.wrong[f.serving] = append(f.wrong[f.serving], wrong{kind: target.ReplicaBehind, why: f.behind, late: f.unfrozen})
	}
}

func (f *foresight) rescue() {
	old := 1 - f.serving
	f.rescued = true
	f.wrong[old] = slices.DeleteFunc(slices.Clone(f.wrong[old]), func(w wrong) bool {
		return w.kind == target.ServerDown || w.kind == target.ServerHung
	})
	if f.frozen {
		f.marks[drill.MarkFreezeComplete] = true
	}
}

func (f *foresight) detect(d plan.Detect) {
	f.looked = true
	if d.Sides != plan.FrozenSides {
		f.seen[d.Detector.Name] = true
	}
	whole := f.frozen && (f.rescued || !f.promoted)
	switch d.Detector.Name {
	case (detect.IndexCompare{}).Name():
		f.compared = f.compared || d.Sides == plan.FrozenSides && whole
	case (detect.ScriptCompare{}).Name():
		f.scripted = f.scripted || d.Sides == plan.RescuedAndServing
	case (detect.ClientCaches{}).Name():
		f.caches = f.caches || d.Sides == plan.FrozenSides && whole
	case (detect.Access{}).Name():
		f.opened = f.opened || f.promoted && d.Sides == plan.ServingAlone
	}
}

// resync makes a copy of all that the server that serves has.
func (f *foresight) resync() {
	f.wrong[1-f.serving] = slices.Clone(f.wrong[f.serving])
	f.marks[drill.MarkResynced] = f.marks[drill.MarkResynced] || f.whole[f.step]
	f.unlisted = f.unlisted || f.promoted && !f.caches
	f.pair, f.behind, f.unfrozen, f.stopped, f.promoted, f.frozen, f.rescued = true, "", false, false, false, false, false
}

// unhurt says whether nothing may keep a step from being carried out.
func (f *foresight) unhurt(s plan.Step) bool {
	switch s.Kind {
	case plan.KindFault:
		return false // whether there is something to hurt, chance decides
	case plan.KindWait, plan.KindFailback:
		return !f.stopped
	case plan.KindDetect, plan.KindRestore:
		return len(f.wrong[0]) == 0 && len(f.wrong[1]) == 0
	case plan.KindFreeze:
		return !slices.ContainsFunc(slices.Concat(f.wrong[0], f.wrong[1]), func(w wrong) bool { return w.kind != target.ServerDown })
	case plan.KindRescue:
		return !slices.ContainsFunc(f.wrong[1-f.serving], func(w wrong) bool { return w.kind != target.ServerDown })
	case plan.KindResync:
		return len(f.wrong[f.serving]) == 0 && !slices.ContainsFunc(f.wrong[1-f.serving], func(w wrong) bool { return w.kind != target.ProcessCrashed })
	}
	return true
}

func (f *foresight) conclude(p *plan.Plan) Prospect {
	because := map[string]string{}
	lose := func(p property.Property, why string) {
		if because[p.Name()] == "" {
			because[p.Name()] = why
		}
	}
	for _, w := range f.wrong[f.serving] {
		for _, p := range breaks(w.kind) {
			lose(p, w.why)
		}
	}
	f.convergence(lose)
	if f.unlisted || f.promoted && !f.caches {
		lose(property.IMAPPromises{}, "nobody has listed the mailboxes whose clients' caches are wrong")
	}
	f.told(lose, because[property.NoLoss{}.Name()] != "")
	if !f.looked {
		lose(property.LookingChangesNothing{}, "no detector looks")
	}
	if f.tidied != "" {
		lose(property.LookingChangesNothing{}, f.tidied)
	}
	if !f.restored {
		lose(property.Repeatable{}, "nothing is restored")
	}
	if f.accounts < 2 {
		lose(property.Isolation{}, "there is one account")
	}
	prospect := Prospect{Because: because, Calm: f.calm, Whole: f.whole}
	for _, p := range property.All() {
		if because[p.Name()] == "" {
			prospect.Properties = append(prospect.Properties, p.Name())
		}
	}
	if len(prospect.Properties) == 0 { // a plan has to name one
		prospect.Properties = []string{property.LookingChangesNothing{}.Name()}
	}
	prospect.Recoverable = because[property.NoLoss{}.Name()] == ""
	if f.calm && f.looked {
		f.marks[drill.MarkNothingFound] = true
	}
	for _, m := range drill.Marks() {
		if f.marks[m.Name] {
			prospect.Marks = append(prospect.Marks, m.Name)
		}
	}
	return prospect
}

// told says whether each loss must be one that somebody was told of: where every look
// that could tell was taken at the end, and each thing that may be lost shows in one.
func (f *foresight) told(lose func(property.Property, string), lossy bool) {
	for _, w := range slices.Concat(f.wrong[0], f.wrong[1]) {
		if w.kind == target.DiskReadOnly { // whose index is asked for then is said to have no mailbox
			lose(property.LossesTold{}, w.why)
		}
	}
	if !lossy {
		return
	}
	if f.untold != "" {
		lose(property.LossesTold{}, f.untold)
	}
	for _, name := range inspection() {
		if !f.seen[name] {
			lose(property.LossesTold{}, "in the end nobody looks with "+name)
		}
	}
	apart := f.promoted && f.rescued && f.compared
	for _, w := range f.wrong[f.serving] {
		loses := slices.Contains(breaks(w.kind), property.Property(property.NoLoss{}))
		switch {
		case !loses, w.kind == target.BodyDiffers, w.kind == target.FileInaccessible, w.kind == target.MailboxUnreadable:
		case w.kind == target.ReplicaBehind && apart && !w.late:
		default:
			lose(property.LossesTold{}, w.why)
		}
	}
}

// inspection are the detectors that together see whatever is lost and can be seen.
func inspection() []string {
	return []string{detect.Access{}.Name(), detect.BodyCompare{}.Name(), detect.ListCompare{}.Name()}
}

func (f *foresight) convergence(lose func(property.Property, string)) {
	switch {
	case !f.pair:
		lose(property.Convergence{}, "there is no replica at the end")
	case f.stopped:
		lose(property.Convergence{}, "replication was broken")
	case len(f.wrong[0])+len(f.wrong[1]) > 0:
		lose(property.Convergence{}, slices.Concat(f.wrong[0], f.wrong[1])[0].why)
	}
}
