package cyrus

import (
	"context"
	_ "embed"
	"fmt"
	"math"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

//go:embed machine.pl
var machineScript string

// Machine implements [target.HostView]. The clock is the one that Cyrus is made to see.
func (v hostView) Machine(ctx context.Context) (target.Machine, error) {
	if err := v.looks(ctx, "looks at its machine"); err != nil {
		return target.Machine{}, err
	}
	said, err := v.pair.engine.exec(ctx, v.id, "cyrus", v.toolCommand("perl", "-e", machineScript)...)
	var seen target.Machine
	if err == nil {
		seen, err = parseMachine(string(said))
	}
	if err != nil {
		return target.Machine{}, fmt.Errorf("looking at the machine of %s: %w", v.name, err)
	}
	return seen, nil
}

// parseMachine reads what machine.pl says.
func parseMachine(said string) (target.Machine, error) {
	var seconds float64
	var seen target.Machine
	var mounted string
	if _, err := fmt.Sscan(said, &seconds, &seen.Room, &mounted); err != nil {
		return target.Machine{}, fmt.Errorf("%q: %w", said, err)
	}
	whole, part := math.Modf(seconds)
	seen.Clock = time.Unix(int64(whole), int64(part*float64(time.Second)))
	seen.ReadOnly = mounted == "ro"
	return seen, nil
}
