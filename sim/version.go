package sim

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// version is the Cyrus that a pair behaves as: its number, and the differences
// between versions that plans have shown on real servers. What is not named here
// is alike in all of them.
type version struct {
	cyrus string
}

// defaultSuite is the Debian suite whose Cyrus is modelled where none is asked for.
const defaultSuite = "bookworm"

// versions are the Debian suites whose Cyrus is modelled.
func versions() map[string]version {
	return map[string]version{
		"bookworm": {cyrus: "3.6.1"},
		"trixie":   {cyrus: "3.10.2"},
	}
}

func versionOf(suite string) (version, error) {
	if suite == "" {
		suite = defaultSuite
	}
	known := versions()
	if v, ok := known[suite]; ok {
		return v, nil
	}
	suites := strings.Join(slices.Sorted(maps.Keys(known)), " and ")
	return version{}, &target.SetupError{
		Problem: fmt.Sprintf("the simulator behaves as the Cyrus of %s, not of %s", suites, suite),
		Mend:    "run the plan on real servers: --target docker",
	}
}
