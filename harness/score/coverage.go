package score

import (
	"cmp"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/fault"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Coverage says what was tried and what was not: every fault of the catalogue, in every
// role, on every version. What no trial was made of is in it as well.
type Coverage []Covered

// Covered is one cell of a coverage.
type Covered struct {
	Version
	Object fault.Object `json:"object"`
	Fault  string       `json:"fault"`
	Role   target.Role  `json:"role"`
	State  State        `json:"state"`
	Trials int          `json:"trials"`
	// Of the trials: those that tell nothing, those in which any detector told of what
	// was wrong, and those in which something was and none did. In what is left there was
	// nothing to find: nothing was damaged, or it healed by itself.
	Void   int `json:"void"`
	Found  int `json:"found"`
	Missed int `json:"missed"`
}

// Version is a Cyrus that faults are tried on: a suite's, or the model of it.
type Version struct {
	Target string `json:"target"`
	Suite  string `json:"suite"`
}

func (v Version) String() string { return v.Target + " " + v.Suite }

// State says what a cell of a coverage is worth.
type State string

// The states. Only Tried says anything about a detector.
const (
	Tried    State = "tried"
	AllVoid  State = "void" // tried, and no trial told anything
	NotTried State = "not tried"
	// NoSense: the fault cannot be made in that role, as a replica's sync_client cannot
	// be stopped.
	NoSense State = "makes no sense"
)

// Versions are those that a coverage asks for, whoever was tried.
func Versions() []Version {
	return []Version{{"sim", "bookworm"}, {"sim", "trixie"}, {"docker", "bullseye"}, {"docker", "bookworm"}, {"docker", "trixie"}}
}

// Roles are those in which a server can be hurt.
func Roles() []target.Role {
	return []target.Role{target.RoleMaster, target.RoleReplica, target.RoleRescued}
}

// Cover returns what some scores together have tried, object by object. Faults and
// versions that they have beyond the catalogue's come last.
func Cover(scores ...Score) Coverage {
	trials := map[Covered][]Trial{} // by a cell that counts nothing yet
	versions, faults := Versions(), catalogue()
	for _, s := range scores {
		version := Version{s.Target, s.Suite}
		if !slices.Contains(versions, version) {
			versions = append(versions, version)
		}
		for _, t := range s.Trials {
			key := Covered{Version: version, Object: t.Breaks, Fault: t.Fault, Role: t.Role}
			trials[key] = append(trials[key], t)
			if f := (named{t.Breaks, t.Fault}); !slices.Contains(faults, f) {
				faults = append(faults, f)
			}
		}
	}
	var coverage Coverage
	for _, f := range faults {
		for _, version := range versions {
			for _, role := range Roles() {
				key := Covered{Version: version, Object: f.breaks, Fault: f.name, Role: role}
				coverage = append(coverage, key.with(trials[key]))
			}
		}
	}
	return coverage
}

// named is a fault by its name.
type named struct {
	breaks fault.Object
	name   string
}

// catalogue is every fault, ordered by what it breaks.
func catalogue() []named {
	var all []named
	for _, f := range fault.All() {
		all = append(all, named{f.Effects().Breaks, f.Name()})
	}
	objects := fault.Objects()
	slices.SortStableFunc(all, func(a, b named) int {
		return cmp.Compare(slices.Index(objects, a.breaks), slices.Index(objects, b.breaks))
	})
	return all
}

// with returns the cell with what its trials came to.
func (c Covered) with(trials []Trial) Covered {
	for _, t := range trials {
		c.Trials++
		switch {
		case t.Void != "":
			c.Void++
		case slices.ContainsFunc(t.Cells, Cell.tells):
			c.Found++
		case len(t.Damage) > 0 && !t.Healed:
			c.Missed++
		}
	}
	f, known := fault.ByName(c.Fault)
	switch {
	case c.Trials > c.Void:
		c.State = Tried
	case c.Trials > 0:
		c.State = AllVoid
	case known && !makesSense(f, c.Role):
		c.State = NoSense
	default:
		c.State = NotTried
	}
	return c
}

// tells says whether a detector told of anything that is wrong.
func (c Cell) tells() bool {
	return len(c.Also) > 0 || slices.ContainsFunc(c.Pieces, func(p Piece) bool { return p.Found })
}

// makesSense says whether a fault can be made on a server in that role. A rescued server
// replicates nothing to anybody, and nothing is replicated to it.
func makesSense(f fault.Fault, role target.Role) bool {
	effects := f.Effects()
	switch role {
	case target.RoleMaster:
		return slices.Contains(roles(f), target.Imap1)
	case target.RoleReplica:
		return slices.Contains(roles(f), target.Imap2)
	default:
		return !effects.StopsReplication && !effects.NeedsReplication && !effects.ReplicaOnly && !effects.Promotes
	}
}

// Count returns how many cells are in any of these states.
func (c Coverage) Count(states ...State) int {
	n := 0
	for _, cell := range c {
		if slices.Contains(states, cell.State) {
			n++
		}
	}
	return n
}

// Versions returns the versions that the coverage has cells of, in their order.
func (c Coverage) Versions() []Version {
	var versions []Version
	for _, cell := range c {
		if !slices.Contains(versions, cell.Version) {
			versions = append(versions, cell.Version)
		}
	}
	return versions
}

// Faults returns the coverage fault by fault, each with its cells of all versions and
// roles.
func (c Coverage) Faults() []Coverage {
	var faults []Coverage
	for _, cell := range c {
		if last := len(faults) - 1; last >= 0 && faults[last][0].Fault == cell.Fault {
			faults[last] = append(faults[last], cell)
			continue
		}
		faults = append(faults, Coverage{cell})
	}
	return faults
}
