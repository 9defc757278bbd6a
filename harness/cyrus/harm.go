package cyrus

import (
	"context"
	_ "embed"
	"fmt"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

//go:embed harm.sh
var harmScript string

// harm does something to a file of the server, at a byte where that is said, and
// returns what was measured before and after.
func (s *server) harm(ctx context.Context, what, path string, harm target.Harm, at ...string) (target.Evidence, error) {
	command := append([]string{"sh", "-euc", harmScript, "harm.sh", string(harm), path}, at...)
	said, err := s.pair.engine.exec(ctx, s.id, "", command...)
	if err != nil {
		return target.Evidence{}, fmt.Errorf("damaging %s on %s: %q, %w", what, s.name, said, err)
	}
	before, after, ok := strings.Cut(strings.TrimSpace(string(said)), "\n")
	if !ok || before == after {
		return target.Evidence{}, fmt.Errorf("damaging %s on %s: it was and is %q", what, s.name, before)
	}
	return target.Evidence{
		Summary: fmt.Sprintf("%s on %s was %s", what, s.name, harm),
		Facts:   []target.Fact{{What: what, Before: before, After: after}},
	}, nil
}

// measured runs a command on the server between two measurements, and returns them
// as evidence. Both know the arguments as $one and $two.
func (s *server) measured(ctx context.Context, summary, what, measure, command string, arguments ...string) (target.Evidence, error) {
	script := "one=$1 two=${2-}\nmeasure() { " + measure + "; }\nmeasure\n" + command + "\nmeasure"
	said, err := s.pair.engine.exec(ctx, s.id, "", append([]string{"sh", "-euc", script, "measured"}, arguments...)...)
	if err != nil {
		return target.Evidence{}, fmt.Errorf("%s on %s: %q, %w", summary, s.name, said, err)
	}
	before, after, ok := strings.Cut(strings.TrimSpace(string(said)), "\n")
	if !ok || before == after {
		return target.Evidence{}, fmt.Errorf("%s on %s: it was and is %q", summary, s.name, before)
	}
	return target.Evidence{
		Summary: fmt.Sprintf("%s on %s", summary, s.name),
		Facts:   []target.Fact{{What: what, Before: before, After: after}},
	}, nil
}
