package explore

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/property"
)

// Counts are a campaign's live counters.
type Counts struct {
	Drills      int            `json:"drills"`
	Recoverable int            `json:"recoverable"` // drills in which nothing may be lost
	Void        int            `json:"void"`        // drills that ended before they showed anything
	Steps       int            `json:"steps"`       // that were carried out
	Landed      int            `json:"landed"`      // faults
	Properties  int            `json:"properties"`  // that were judged
	Promises    int            `json:"promises"`    // that were checked
	Failed      int            `json:"failed"`      // drills that broke a promise
	Verdicts    map[string]int `json:"verdicts"`
	Marks       map[string]int `json:"marks"`    // drills that reached each
	Failures    map[string]int `json:"failures"` // by sort and name
	VoidBy      map[string]int `json:"void_by"`  // by the step that failed
}

func newCounts() Counts {
	return Counts{Verdicts: map[string]int{}, Marks: map[string]int{}, Failures: map[string]int{}, VoidBy: map[string]int{}}
}

// Group is one bug: failures of the same property whose smallest plans are alike.
type Group struct {
	Failure Failure `json:"failure"`
	// Skeleton is the smallest plan's steps in a line.
	Skeleton string `json:"skeleton"`
	Count    int    `json:"count"` // drills that failed so, before they were reduced
	// Drill is the number of the drill that showed it, and Plan its smallest plan.
	Drill uint64   `json:"drill"`
	Lean  []string `json:"lean,omitempty"`
	Plan  string   `json:"plan"`
	Steps int      `json:"steps"`
}

func (g Group) key() string {
	return string(g.Failure.Sort) + " " + g.Failure.Name + " | " + g.Skeleton
}

// Skeleton is a plan's steps in a line: what breaks, and in which order, without how
// much and whose. Looks and the passing of time, which a smallest plan has only where they
// matter, are in it.
func Skeleton(p *plan.Plan) string {
	var words []string
	for _, s := range p.Steps {
		word := string(s.Kind)
		switch {
		case s.Fault != nil:
			word = s.Fault.Name.Name + "@" + string(s.Fault.On)
		case s.Restore != nil:
			word = s.Restore.Restorer.Name
		case s.Detect != nil:
			word = s.Detect.Detector.Name
		case s.Deliver != nil, s.Append != nil, s.Seed != nil, s.Work != nil && len(s.Work.Only) != 1:
			word = "mail"
		case s.Work != nil:
			word = s.Work.Only[0]
		}
		if len(words) == 0 || words[len(words)-1] != word {
			words = append(words, word)
		}
	}
	return strings.Join(words, " ")
}

// mostGroups bounds a campaign's memory: what fails in more ways than that has not been
// looked at for long.
const mostGroups = 200

// Tally is what some drills of a campaign have come to. Its size does not grow with how
// many they are.
type Tally struct {
	Counts   Counts            `json:"counts"`
	Coverage Coverage          `json:"coverage"`
	States   Situations        `json:"situations"`
	Groups   map[string]*Group `json:"groups"` // by failure and skeleton
	// Reduced counts, by a failure's key, how many were reduced: of one sort a few are enough.
	Reduced map[string]int `json:"reduced"`
	// Beyond counts failures that found no room among the groups.
	Beyond int `json:"beyond,omitempty"`
}

// NewTally returns a tally of no drills.
func NewTally() *Tally {
	return &Tally{Counts: newCounts(), Coverage: NewCoverage(), Groups: map[string]*Group{}, Reduced: map[string]int{}}
}

// Note counts one drill.
func (t *Tally) Note(p *plan.Plan, shown Shown, failures []Failure) {
	result := shown.Result
	c := &t.Counts
	c.Drills++
	c.Verdicts[string(result.Verdict)]++
	if Foresee(p).Recoverable {
		c.Recoverable++
	}
	if Void(result) {
		c.Void++
		c.VoidBy[voidBy(p, result)]++
	}
	for _, s := range result.Steps {
		if s.Status != drill.StepSkipped {
			c.Steps++
		}
	}
	for _, f := range result.Faults {
		if f.Evidence.Landed() {
			c.Landed++
		}
	}
	for _, o := range result.Properties {
		if o.Verdict != property.Unknown {
			c.Properties++
			c.Promises += o.Checked
		}
	}
	for _, m := range result.Marks {
		if m.Reached {
			c.Marks[m.Name]++
		}
	}
	if len(failures) > 0 {
		c.Failed++
		c.Failures[string(failures[0].Sort)+" "+failures[0].Name]++
	}
	t.Coverage.Note(p, shown)
	t.States.Note(p, result)
}

// voidBy names the step that ended a drill before it showed anything.
func voidBy(p *plan.Plan, result *drill.Result) string {
	for i, s := range result.Steps {
		if s.Status != drill.StepFailed {
			continue
		}
		if i < len(p.Steps) && p.Steps[i].Fault != nil {
			return "fault " + p.Steps[i].Fault.Name.Name + " on the " + string(p.Steps[i].Fault.On)
		}
		return s.Kind
	}
	return "unknown"
}

// Add counts another tally's drills in.
func (t *Tally) Add(other *Tally) {
	a, b := &t.Counts, other.Counts
	a.Drills += b.Drills
	a.Recoverable += b.Recoverable
	a.Void += b.Void
	a.Steps += b.Steps
	a.Landed += b.Landed
	a.Properties += b.Properties
	a.Promises += b.Promises
	a.Failed += b.Failed
	for _, pair := range []struct{ to, from map[string]int }{{a.Verdicts, b.Verdicts}, {a.Marks, b.Marks}, {a.Failures, b.Failures}, {a.VoidBy, b.VoidBy}, {t.Reduced, other.Reduced}} {
		for name, n := range pair.from {
			pair.to[name] += n
		}
	}
	t.Coverage.Add(other.Coverage)
	t.States.Add(other.States)
	t.Beyond += other.Beyond
	for _, key := range slices.Sorted(maps.Keys(other.Groups)) {
		t.addGroup(*other.Groups[key])
	}
}

// addGroup keeps of each group the smallest plan, and of two alike the one of the
// earlier drill.
func (t *Tally) addGroup(g Group) {
	known, ok := t.Groups[g.key()]
	switch {
	case !ok && len(t.Groups) >= mostGroups:
		t.Beyond += g.Count
	case !ok:
		t.Groups[g.key()] = &g
	default:
		count := known.Count + g.Count
		if cmp.Or(cmp.Compare(g.Steps, known.Steps), cmp.Compare(g.Drill, known.Drill)) < 0 {
			*known = g
		}
		known.Count = count
	}
}

// Sorted returns the groups, those that failed most often first.
func (t *Tally) Sorted() []*Group {
	groups := slices.Collect(maps.Values(t.Groups))
	slices.SortFunc(groups, func(a, b *Group) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.key(), b.key()))
	})
	return groups
}
