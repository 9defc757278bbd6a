package explore

import (
	"math/rand/v2"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/fault"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/traffic"
)

// Turn is one way in which a plan may go on.
type Turn string

// The turns.
const (
	TurnWork     Turn = "work"     // users work
	TurnRules    Turn = "rules"    // users change their scripts
	TurnWait     Turn = "wait"     // until both sides are equal
	TurnFault    Turn = "fault"    // something breaks
	TurnLook     Turn = "look"     // a detector looks
	TurnClock    Turn = "clock"    // time passes
	TurnExpire   Turn = "expire"   // tombstones are removed
	TurnSwap     Turn = "swap"     // the roles are swapped
	TurnDisaster Turn = "disaster" // the master dies, and the replica is promoted
)

// Turns returns all turns.
func Turns() []Turn {
	return []Turn{TurnWork, TurnRules, TurnWait, TurnFault, TurnLook, TurnClock, TurnExpire, TurnSwap, TurnDisaster}
}

// Swarm is what one run may have at all. A run that has everything at once tries little
// of anything: what is left out lets the rest meet. What stands first in a list is drawn
// more often.
type Swarm struct {
	Suite      string // whose Cyrus both sides are
	Seed       uint64 // of the plan
	Steps      int    // about how many
	Operations []string
	Faults     []string
	Detectors  []string
	Turns      []Turn
}

// Lean says how much each thing is to be preferred, by its name; what is not in it has
// weight 1.
type Lean map[string]float64

func (l Lean) of(name string) float64 {
	if weight, ok := l[name]; ok {
		return weight
	}
	return 1
}

// Limits are what a campaign may draw from.
type Limits struct {
	Suites []string // those whose Cyrus the target has
	Faults []string // nil: the whole catalogue
	Steps  int      // the longest plan; 0: 24
	Real   bool     // real servers are to be hurt as well: no fault that only a model can bring about
}

// stream keeps what a swarm draws apart from all other chance.
const stream = 0x737761726d

// DrawSwarm draws what drill number i of a seed may have. It depends on its arguments
// alone.
func DrawSwarm(seed, i uint64, lean Lean, limits Limits) Swarm {
	chance := rand.New(rand.NewPCG(seed^stream, i))
	faults := limits.Faults
	if faults == nil {
		for _, f := range fault.All() {
			if !slices.Contains(unreached(), f.Name()) && !(limits.Real && f.Effects().NeedsModel) {
				faults = append(faults, f.Name())
			}
		}
	}
	longest := limits.Steps
	if longest == 0 {
		longest = 24
	}
	s := Swarm{Suite: limits.Suites[chance.IntN(len(limits.Suites))], Seed: chance.Uint64N(1 << 32), Steps: 2 + chance.IntN(longest-1)}
	var operations, detectors []string
	for _, op := range traffic.WorkOps() {
		operations = append(operations, string(op))
	}
	for _, d := range detect.All() {
		detectors = append(detectors, d.Name())
	}
	s.Operations = some(chance, operations, 1+chance.IntN(len(operations)), lean)
	s.Faults = some(chance, faults, []int{0, 1, 1, 2, 2, 3, 5, 8}[chance.IntN(8)], lean)
	s.Detectors = some(chance, detectors, 1+chance.IntN(len(detectors)), lean)
	turns := some(chance, Turns(), 3+chance.IntN(len(Turns())-2), lean)
	if len(s.Faults) > 0 && !slices.Contains(turns, TurnFault) {
		turns = append(turns, TurnFault)
	}
	s.Turns = turns
	return s
}

// some draws n of the names without putting any back, those of more weight sooner.
func some[T ~string](chance *rand.Rand, from []T, n int, lean Lean) []T {
	left := slices.Clone(from)
	var drawn []T
	for len(drawn) < n && len(left) > 0 {
		sum := 0.0
		for _, name := range left {
			sum += lean.of(string(name))
		}
		at := chance.Float64() * sum
		i := 0
		for ; i < len(left)-1; i++ {
			if at -= lean.of(string(left[i])); at < 0 {
				break
			}
		}
		drawn = append(drawn, left[i])
		left = slices.Delete(left, i, i+1)
	}
	return drawn
}

// effects returns what the catalogue says of a fault.
func effects(name string) fault.Effects {
	f, ok := fault.ByName(name)
	if !ok {
		return fault.Effects{}
	}
	return f.Effects()
}

// sides are the servers on which a fault makes sense in a pair.
func sides(e fault.Effects) []plan.Side {
	switch {
	case e.ReplicaOnly:
		return []plan.Side{plan.Replica}
	case (e.StopsReplication || e.NeedsReplication) && !e.EitherSide:
		return []plan.Side{plan.Master}
	}
	return []plan.Side{plan.Master, plan.Replica}
}
