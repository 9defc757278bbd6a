package hostview

import (
	"fmt"
	"math"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// ParseMachine reads what [Layout.MachineCommand] says.
func ParseMachine(said []byte) (target.Machine, error) {
	var seconds float64
	var seen target.Machine
	var mounted string
	if _, err := fmt.Sscan(string(said), &seconds, &seen.Room, &mounted); err != nil {
		return target.Machine{}, fmt.Errorf("%q: %w", said, err)
	}
	whole, part := math.Modf(seconds)
	seen.Clock = time.Unix(int64(whole), int64(part*float64(time.Second)))
	seen.ReadOnly = mounted == "ro"
	return seen, nil
}
