package explore

import (
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/plan"
)

// Draw returns the plan of drill number i of a seed, under a lean. It depends on its
// arguments alone, and can be carried out.
func Draw(seed, i uint64, lean Lean, limits Limits) *plan.Plan {
	swarm := DrawSwarm(seed, i, lean, limits)
	drawn := Plans(swarm).Example(int(mix(seed, i) >> 1))
	drawn.Name = fmt.Sprintf("drill-%d-%d", seed, i)
	promise(&drawn)
	return &drawn
}

// mix makes one number of two, such that neighbours are far apart (splitmix64).
func mix(seed, i uint64) uint64 {
	x := seed + (i+1)*0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// Finish writes into a plan what can be promised of its steps ([Foresee]), and returns
// it as it would be read from its file. A plan that cannot be carried out in its order is
// an error.
func Finish(p *plan.Plan) (*plan.Plan, error) {
	promised := *p
	promise(&promised)
	return plan.Parse(p.Name+".yaml", plan.Format(&promised), drill.Names())
}

// firstStep is the line of a drawn plan's first step, as it is printed.
const firstStep = 8

// promise writes into a plan what can be promised of its steps, and on which lines they
// stand. That a plan which was drawn can be carried out is the generator's business: to
// read each again would take a third of the time.
func promise(p *plan.Plan) {
	prospect := Foresee(p)
	p.Expect = plan.Expect{}
	for _, name := range prospect.Properties {
		p.Expect.Properties = append(p.Expect.Properties, plan.Ref{Name: name})
	}
	for _, name := range prospect.Marks {
		p.Expect.Marks = append(p.Expect.Marks, plan.Ref{Name: name})
	}
	p.Steps = slices.Clone(p.Steps)
	for i := range p.Steps {
		p.Steps[i].Pos = plan.Pos{Line: firstStep + i, Column: 5}
	}
}

// accountNames are those that plans have; some are alike, since those are mixed up.
var accountNames = []string{"alice", "bob", "bob2", "al.ice"}

// Plans draws plans within a swarm. They are pure data, and say nothing yet of what must
// hold: see [Finish].
func Plans(s Swarm) *rapid.Generator[plan.Plan] {
	return rapid.Custom(func(t *rapid.T) plan.Plan {
		d := &draft{T: t, swarm: s, injected: map[injection]bool{}, plan: plan.Plan{
			APIVersion: plan.APIVersion, Name: "drawn", Title: "Drawn by exploration", Seed: s.Seed,
			Pair:     plan.Pair{Cyrus: s.Suite, RepeatInterval: oneOf(t, "interval", 0, 0, 0, time.Second)},
			Accounts: accountNames[:rapid.IntRange(1, len(accountNames)).Draw(t, "accounts")],
		}}
		d.draw()
		return d.plan
	})
}

func oneOf[T any](t *rapid.T, label string, values ...T) T {
	return rapid.SampledFrom(values).Draw(t, label)
}

// draft is a plan that is being drawn, and what is known of the pair by its end.
type draft struct {
	*rapid.T
	swarm    Swarm
	plan     plan.Plan
	injected map[injection]bool // since the pair was whole
	serving  int                // machine
	stopped  bool               // replication does not go on by itself, or not well
	silent   [2]bool            // the master, the replica: does not answer
	frozen   bool
	rules    bool // users have scripts
}

func (d *draft) add(steps ...plan.Step) { d.plan.Steps = append(d.plan.Steps, steps...) }

// How often something is drawn.
func (d *draft) sometimes(label string) bool  { return rapid.Bool().Draw(d.T, label) }
func (d *draft) usually(label string) bool    { return d.tosses(label, 2) > 0 }
func (d *draft) rarely(label string) bool     { return d.tosses(label, 2) == 2 }
func (d *draft) hardlyEver(label string) bool { return d.tosses(label, 4) == 4 }

// tosses returns how often of n tosses a coin falls on the one side.
func (d *draft) tosses(label string, n int) (count int) {
	for _, toss := range rapid.SliceOfN(rapid.Bool(), n, n).Draw(d.T, label) {
		if toss {
			count++
		}
	}
	return count
}

func (d *draft) draw() {
	d.prelude()
	for len(d.plan.Steps) < d.swarm.Steps {
		d.turn(rapid.SampledFrom(d.swarm.Turns).Draw(d.T, "turn"))
	}
	d.lastLooks()
}

// prelude draws what the users have already.
func (d *draft) prelude() {
	if d.usually("seeded") {
		mailboxes := rapid.IntRange(1, 4).Draw(d.T, "mailboxes")
		d.add(plan.Step{Kind: plan.KindSeed, Seed: &plan.Seed{Mailboxes: mailboxes, Messages: len(d.plan.Accounts) * rapid.IntRange(1, 8).Draw(d.T, "messages")}})
	} else {
		d.add(plan.Step{Kind: plan.KindDeliver, Deliver: &plan.Deliver{To: d.plan.Accounts, Count: rapid.IntRange(1, 4).Draw(d.T, "count")}})
	}
	if d.usually("with rules") {
		d.rules = true
		d.add(plan.Step{Kind: plan.KindRules, Rules: &plan.Rules{Accounts: d.plan.Accounts}})
	}
	if d.sometimes("settled") {
		d.wait()
	}
}

// turn draws what happens next, where it can.
func (d *draft) turn(turn Turn) {
	switch turn {
	case TurnRules:
		d.rules = true
		d.add(plan.Step{Kind: plan.KindRules, Rules: &plan.Rules{Accounts: d.someAccounts()}})
	case TurnWait:
		d.wait()
	case TurnFault:
		if !d.fault(plan.Master, plan.Replica) {
			d.work()
		}
	case TurnLook:
		d.look(plan.PairNow)
	case TurnClock:
		d.add(plan.Step{Kind: plan.KindClock, Clock: &plan.Clock{Advance: oneOf(d.T, "advance", time.Hour, 24*time.Hour, 10*time.Minute, 8*24*time.Hour)}})
	case TurnExpire:
		side := oneOf(d.T, "side", plan.Master, plan.Replica)
		if !d.silent[d.index(side)] {
			d.add(plan.Step{Kind: plan.KindExpire, Expire: &plan.Expire{Server: side}})
		}
	case TurnSwap:
		d.swap()
	case TurnDisaster:
		d.disaster()
	default:
		d.work()
	}
}

// injection is a fault on one of the two machines; a plan may have each once.
type injection struct {
	fault   string
	machine int
}

func (d *draft) machine(side plan.Side) int {
	if side == plan.Master {
		return d.serving
	}
	return 1 - d.serving
}

func (d *draft) index(side plan.Side) int {
	if side == plan.Master {
		return 0
	}
	return 1
}

// work draws what users do. Single deliveries and the like are written as such now and
// then: such a plan is easier to read.
func (d *draft) work() {
	if d.rarely("single") {
		d.add(plan.Step{Kind: plan.KindDeliver, Deliver: &plan.Deliver{To: d.someAccounts(), Count: rapid.IntRange(1, 3).Draw(d.T, "count")}})
		return
	}
	d.add(plan.Step{Kind: plan.KindWork, Work: &plan.Work{
		Accounts: d.someAccounts(), Operations: rapid.IntRange(1, 8).Draw(d.T, "operations"), Only: d.swarm.Operations,
	}})
}

func (d *draft) someAccounts() []string {
	if d.sometimes("all accounts") {
		return d.plan.Accounts
	}
	return []string{rapid.SampledFrom(d.plan.Accounts).Draw(d.T, "account")}
}

func (d *draft) wait() {
	if d.stopped || d.silent != [2]bool{} {
		d.work()
		return
	}
	d.add(plan.Step{Kind: plan.KindWait, Wait: &plan.Wait{Until: plan.Replicated, Within: time.Minute}})
}

func (d *draft) swap() {
	if d.stopped || d.silent != [2]bool{} {
		d.work()
		return
	}
	if d.sometimes("in sync") {
		d.wait()
	}
	d.add(plan.Step{Kind: plan.KindFailback, Failback: &plan.Failback{}})
	d.serving = 1 - d.serving
}

func (d *draft) look(sides plan.Sides) {
	if sides == plan.PairNow && d.silent != [2]bool{} || len(d.swarm.Detectors) == 0 {
		return
	}
	d.add(detectStep(rapid.SampledFrom(d.swarm.Detectors).Draw(d.T, "detector"), sides))
}

func detectStep(detector string, sides plan.Sides) plan.Step {
	return plan.Step{Kind: plan.KindDetect, Detect: &plan.Detect{Detector: plan.Ref{Name: detector}, Sides: sides}}
}

// fault draws one of the faults that the swarm has and that can be injected now, and
// says whether there is one.
func (d *draft) fault(on ...plan.Side) bool {
	type choice struct {
		name string
		side plan.Side
	}
	var choices []choice
	for _, name := range d.swarm.Faults {
		e := effects(name)
		if e.Promotes || e.KillsServer || !d.possible(name, e) {
			continue
		}
		for _, side := range sides(e) {
			if slices.Contains(on, side) && !d.injected[injection{name, d.machine(side)}] && !d.silent[d.index(side)] {
				choices = append(choices, choice{name, side})
			}
		}
	}
	if len(choices) == 0 {
		return false
	}
	c := rapid.SampledFrom(choices).Draw(d.T, "fault")
	d.furnish(c.name)
	d.inject(c.name, c.side)
	return true
}

// furnish lets users do what a fault undoes, for there must be something to be undone.
func (d *draft) furnish(fault string) {
	op := wants(fault)
	if op == "" || d.silent[0] {
		return
	}
	d.add(plan.Step{Kind: plan.KindWork, Work: &plan.Work{Accounts: d.plan.Accounts, Operations: 2, Only: []string{string(op)}}})
	if !d.stopped && d.silent == [2]bool{} && !d.promotedNow() {
		d.wait()
	}
}

// possible says whether a fault can be injected as the pair is.
func (d *draft) possible(name string, e effectsOf) bool {
	channel := e.StopsReplication || e.NeedsReplication || e.ReplicaOnly
	switch {
	case e.HurtsScripts && !d.rules:
		return false
	case channel && (d.silent != [2]bool{} || d.promotedNow()):
		return false
	case e.NeedsReplication && d.stopped:
		return false
	}
	return true
}

func (d *draft) inject(name string, side plan.Side) {
	d.injected[injection{name, d.machine(side)}] = true
	e := effects(name)
	count := 1
	if !e.HurtsScripts && !e.HurtsAccounts {
		count = rapid.IntRange(1, 3).Draw(d.T, "count")
	}
	if e.HurtsMailboxes {
		count = 1
	}
	d.add(plan.Step{Kind: plan.KindFault, Fault: &plan.Fault{Name: plan.Ref{Name: name}, On: side, Accounts: d.plan.Accounts, Count: count}})
	if !slices.Contains(passing(), name) {
		d.stopped = true
	}
	for _, h := range harms()[name] {
		if !h.peer && silences(h.kind) && name != "server-restarted" {
			d.silent[d.index(side)] = true
		}
	}
}
