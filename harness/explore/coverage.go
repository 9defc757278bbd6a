package explore

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/fault"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/traffic"
)

// Phase is a part of an incident.
type Phase string

// The phases.
const (
	Paired   Phase = "paired"   // master and replica, as they began
	Dead     Phase = "dead"     // the master has died
	Promoted Phase = "promoted" // the replica is master, alone
	Rescued  Phase = "rescued"  // the old master is up apart
	Again    Phase = "again"    // a pair once more, after an incident or a swap
)

// Phases returns all phases.
func Phases() []Phase { return []Phase{Paired, Dead, Promoted, Rescued, Again} }

// Coverage counts how often each field of a campaign's map was exercised, by the map's
// name and the field's. Which fields there are the catalogues say ([Fields]), so that what
// was never exercised is known.
type Coverage map[Dimension]map[string]int

// Dimension is one map.
type Dimension string

// The maps.
const (
	FaultRolePhase  Dimension = "fault × object × role × phase"
	OperationFault  Dimension = "operation × fault"
	MarksReached    Dimension = "marks"
	KindsOfDamage   Dimension = "kinds of damage"
	KindsOfFindings Dimension = "detector × kind of finding"
	ActsOfRestores  Dimension = "acts of restores"
	PropertyVerdict Dimension = "property × verdict"
	LogLines        Dimension = "Cyrus's log lines"
)

// Dimensions returns all maps, in the order of a report.
func Dimensions() []Dimension {
	return []Dimension{FaultRolePhase, OperationFault, MarksReached, KindsOfDamage, KindsOfFindings, ActsOfRestores, PropertyVerdict, LogLines}
}

// NewCoverage returns a coverage of nothing.
func NewCoverage() Coverage {
	c := Coverage{}
	for _, d := range Dimensions() {
		c[d] = map[string]int{}
	}
	return c
}

// Add counts another coverage in.
func (c Coverage) Add(other Coverage) {
	for d, fields := range other {
		for field, n := range fields {
			c[d][field] += n
		}
	}
}

func field(parts ...string) string { return strings.Join(parts, " × ") }

// Note counts what one drill has exercised.
func (c Coverage) Note(p *plan.Plan, shown Shown) {
	landed := c.noteFaults(p, shown.Result)
	for op := range shown.Traffic {
		for name := range landed {
			c[OperationFault][field(string(op), name)]++
		}
	}
	for _, m := range shown.Marks {
		if m.Reached {
			c[MarksReached][m.Name]++
		}
	}
	kinds := map[string]bool{}
	for _, f := range shown.Findings {
		kinds[field(f.Detector, string(f.Kind))] = true
	}
	for kind := range kinds {
		c[KindsOfFindings][kind]++
	}
	for _, r := range shown.Restores {
		for _, act := range restore.Acts() {
			if r.Plan.Count(act) > 0 {
				c[ActsOfRestores][string(act)]++
			}
		}
	}
	for _, o := range shown.Properties {
		c[PropertyVerdict][field(o.Name, string(o.Verdict))]++
	}
	for _, line := range logLines() {
		if slices.ContainsFunc(shown.Logs, func(log []byte) bool { return bytes.Contains(log, []byte(line)) }) {
			c[LogLines][line]++
		}
	}
}

// noteFaults counts the faults that landed, and returns their names.
func (c Coverage) noteFaults(p *plan.Plan, result *drill.Result) map[string]bool {
	landed := map[string]bool{}
	places := placesOf(p)
	for _, f := range result.Faults {
		if !f.Evidence.Landed() {
			continue
		}
		landed[f.Name] = true
		if f.Step > 0 && f.Step <= len(places) {
			at := places[f.Step-1]
			c[FaultRolePhase][field(string(effects(f.Name).Breaks), f.Name, at.role, string(at.phase))]++
		}
		for _, d := range f.Damage {
			c[KindsOfDamage][string(d.Kind)]++
		}
	}
	return landed
}

// place is where a step of a plan acts.
type place struct {
	role  string
	phase Phase
}

// placesOf returns, for each step, the phase that it falls into, and the role of the
// server that it names.
func placesOf(p *plan.Plan) []place {
	phase, places := Paired, make([]place, len(p.Steps))
	for i, s := range p.Steps {
		places[i].phase = phase
		switch s.Kind {
		case plan.KindFault:
			places[i].role = string(s.Fault.On)
			switch e := effects(s.Fault.Name.Name); {
			case e.Promotes:
				phase = Promoted
			case e.KillsServer && s.Fault.On == plan.Master:
				phase = Dead
			}
		case plan.KindPromote:
			phase = Promoted
		case plan.KindRescue:
			phase = Rescued
		case plan.KindResync, plan.KindFailback:
			phase = Again
		}
	}
	return places
}

// Fields returns all fields of a map that the catalogues know, in their order.
func Fields(d Dimension) []string {
	var fields []string
	switch d {
	case FaultRolePhase:
		for _, f := range catalogued() {
			for _, at := range placesFor(f.Effects()) {
				fields = append(fields, field(string(f.Effects().Breaks), f.Name(), at.role, string(at.phase)))
			}
		}
	case OperationFault:
		for _, op := range traffic.WorkOps() {
			for _, f := range catalogued() {
				fields = append(fields, field(string(op), f.Name()))
			}
		}
	case MarksReached:
		for _, m := range drill.Marks() {
			fields = append(fields, m.Name)
		}
	case KindsOfDamage:
		seen := map[string]bool{}
		for _, all := range harms() {
			for _, h := range all {
				seen[string(h.kind)] = true
			}
		}
		fields = slices.Sorted(maps.Keys(seen))
	case KindsOfFindings:
		fields = promisedFindings()
	case ActsOfRestores:
		for _, act := range restore.Acts() {
			fields = append(fields, string(act))
		}
	case PropertyVerdict:
		for _, p := range property.All() {
			for _, v := range []property.Verdict{property.Pass, property.Fail, property.Unknown} {
				fields = append(fields, field(p.Name(), string(v)))
			}
		}
	case LogLines:
		fields = logLines()
	}
	return fields
}

// catalogued is the catalogue, ordered by what faults break.
func catalogued() []fault.Fault {
	all, objects := fault.All(), fault.Objects()
	slices.SortStableFunc(all, func(a, b fault.Fault) int {
		return cmp.Compare(slices.Index(objects, a.Effects().Breaks), slices.Index(objects, b.Effects().Breaks))
	})
	return all
}

// placesFor are where a fault makes sense.
func placesFor(e fault.Effects) []place {
	var places []place
	for _, phase := range []Phase{Paired, Again} {
		for _, side := range sides(e) {
			places = append(places, place{string(side), phase})
		}
	}
	if !e.StopsReplication && !e.NeedsReplication && !e.ReplicaOnly && !e.Promotes {
		places = append(places, place{string(plan.Master), Promoted}, place{string(plan.Master), Rescued}, place{string(plan.OldMaster), Rescued})
	}
	return places
}

// Share says how many of a map's fields were exercised, of how many.
func (c Coverage) Share(d Dimension) (exercised, of int) {
	for _, f := range Fields(d) {
		of++
		if c[d][f] > 0 {
			exercised++
		}
	}
	return exercised, of
}

// Never returns the fields of a map that were never exercised.
func (c Coverage) Never(d Dimension) []string {
	return slices.DeleteFunc(Fields(d), func(f string) bool { return c[d][f] > 0 })
}

// leanOn is how many names a lean prefers, and by how much.
const (
	leanOn     = 6
	leanWeight = 8
)

// LeanTowards returns the names of the faults and operations whose fields are emptiest:
// what the next drills are to lean towards.
func (c Coverage) LeanTowards() []string {
	counts := map[string]int{}
	for _, f := range Fields(FaultRolePhase) {
		name := strings.Split(f, " × ")[1]
		if slices.Contains(unreached(), name) {
			continue
		}
		counts[name] += min(c[FaultRolePhase][f], leanOn)
	}
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[a]*fieldsOf(b), counts[b]*fieldsOf(a)), cmp.Compare(a, b))
	})
	return names[:min(leanOn, len(names))]
}

func fieldsOf(name string) int { return len(placesFor(effects(name))) }

// LeanOf returns the lean towards these names.
func LeanOf(names []string) Lean {
	lean := Lean{}
	for _, name := range names {
		lean[name] = leanWeight
	}
	return lean
}

// promisedFindings are the findings that detectors promise.
func promisedFindings() []string {
	var fields []string
	for _, d := range detectors() {
		for _, kind := range target.Kinds() {
			if slices.Contains(d.Promise().Kinds, kind) {
				fields = append(fields, field(d.Name(), string(kind)))
			}
		}
	}
	return fields
}
