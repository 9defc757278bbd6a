package explore

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/plan"
)

// mostSituations bounds what is remembered of situations.
const mostSituations = 1 << 16

// Situations is a set of distinct situations that pairs were brought into: the phase,
// what is broken where, and what is being done. Beyond a bound it counts no more.
type Situations struct{ seen map[uint64]bool }

// Note adds the situations of one drill, one for each step that was carried out.
func (s *Situations) Note(p *plan.Plan, result *drill.Result) {
	places := placesOf(p)
	digest := fnv.New64a()
	for i, step := range result.Steps {
		if step.Status == drill.StepSkipped || i >= len(p.Steps) {
			return
		}
		word := step.Kind
		switch {
		case p.Steps[i].Fault != nil:
			word = p.Steps[i].Fault.Name.Name + string(p.Steps[i].Fault.On)
		case p.Steps[i].Restore != nil:
			word = p.Steps[i].Restore.Restorer.Name
		case p.Steps[i].Detect != nil, p.Steps[i].Wait != nil, p.Steps[i].Clock != nil:
			continue // they change nothing
		}
		fmt.Fprint(digest, places[i].phase, word)
		if s.seen == nil {
			s.seen = map[uint64]bool{}
		}
		if len(s.seen) < mostSituations {
			s.seen[digest.Sum64()] = true
		}
	}
}

// Add adds another set.
func (s *Situations) Add(other Situations) {
	if s.seen == nil {
		s.seen = map[uint64]bool{}
	}
	for situation := range other.seen {
		if len(s.seen) < mostSituations {
			s.seen[situation] = true
		}
	}
}

// Count returns how many there are, at most the bound.
func (s Situations) Count() int { return len(s.seen) }

func (s Situations) String() string {
	if s.Count() == mostSituations {
		return fmt.Sprintf("at least %d", mostSituations)
	}
	return fmt.Sprint(s.Count())
}

// MarshalJSON implements [json.Marshaler].
func (s Situations) MarshalJSON() ([]byte, error) {
	return json.Marshal(slices.Sorted(maps.Keys(s.seen)))
}

// UnmarshalJSON implements [json.Unmarshaler].
func (s *Situations) UnmarshalJSON(text []byte) error {
	var all []uint64
	if err := json.Unmarshal(text, &all); err != nil {
		return err
	}
	s.seen = make(map[uint64]bool, len(all))
	for _, situation := range all {
		s.seen[situation] = true
	}
	return nil
}
