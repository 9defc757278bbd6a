package cyrus

import (
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/hostview"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Machine implements [target.HostView]. The clock is the one that Cyrus is made to see.
func (v hostView) Machine(ctx context.Context) (target.Machine, error) {
	if err := v.looks(ctx, "looks at its machine"); err != nil {
		return target.Machine{}, err
	}
	command := layout.MachineCommand()
	said, err := v.pair.engine.exec(ctx, v.id, "cyrus", v.toolCommand(command[0], command[1:]...)...)
	var seen target.Machine
	if err == nil {
		seen, err = hostview.ParseMachine(said)
	}
	if err != nil {
		return target.Machine{}, fmt.Errorf("looking at the machine of %s: %w", v.name, err)
	}
	return seen, nil
}
