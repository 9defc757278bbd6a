package property

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// LookingChangesNothing is property 12: whoever only looks leaves everything as
// it is.
type LookingChangesNothing struct{}

// Look is one look at a server, with the files of its data before and after, as
// [target.HostView.DataFiles] gives them.
type Look struct {
	Detector      string
	Server        target.ServerName
	Before, After map[string]string // nil: could not be had
	// Replicating: changes were on their way between the servers at the time, so that
	// what differs may have come by that.
	Replicating bool
}

// changed says in words which files are not what they were: at most three.
func (l Look) changed() string {
	const shown = 3
	var said []string
	differing := 0
	for _, path := range slices.Sorted(maps.Keys(union(l.Before, l.After))) {
		before, after := l.Before[path], l.After[path]
		if before == after {
			continue
		}
		if differing++; differing <= shown {
			said = append(said, fmt.Sprintf("%s: %s → %s", path, cmp.Or(before, "not there"), cmp.Or(after, "gone")))
		}
	}
	if differing > shown {
		said = append(said, fmt.Sprintf("and %d more", differing-shown))
	}
	return strings.Join(said, "; ")
}

func union(a, b map[string]string) map[string]string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// Number implements [Property].
func (LookingChangesNothing) Number() int { return 12 }

// Name implements [Property].
func (LookingChangesNothing) Name() string { return "looking-changes-nothing" }

// Doc implements [Property].
func (LookingChangesNothing) Doc() string {
	return "no detector has changed a server's data by looking at it"
}

// Check implements [Property].
func (p LookingChangesNothing) Check(scene Scene) Result {
	result := Result{Number: p.Number(), Name: p.Name()}
	for _, look := range scene.Looks {
		if look.Before == nil || look.After == nil {
			result.unknown("%s on %s: its data before and after could not be had", look.Detector, look.Server)
			continue
		}
		if look.Replicating && !maps.Equal(look.Before, look.After) {
			result.unknown("%s on %s: its data is not what it was, and replication was at work meanwhile", look.Detector, look.Server)
			continue
		}
		if !maps.Equal(look.Before, look.After) {
			result.violateAt(target.Place{Server: look.Server}, "", "%s changed the server's data by looking at it (%s)", look.Detector, look.changed())
		}
		result.Checked++
	}
	return result.conclude()
}
