package fault

import (
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// OutOfMemory uses up a server's memory, until the kernel ends the processes that
// serve: users' on the master, sync_server on a replica.
type OutOfMemory struct{}

// Name implements [Fault].
func (OutOfMemory) Name() string { return "out-of-memory" }

// Doc implements [Fault].
func (OutOfMemory) Doc() string {
	return "a server's memory is used up until the kernel ends its imapd (on a replica its sync_server); others are started in their place"
}

// Effects implements [Fault].
func (OutOfMemory) Effects() Effects { return Effects{Breaks: Process, NeedsServer: true} }

// Inject implements [Fault].
func (OutOfMemory) Inject(ctx context.Context, scene Scene) (Instance, error) {
	memory, err := hand[target.MemorySaboteur](scene, "memory that is used up")
	if err != nil {
		return nil, err
	}
	victim := "imapd"
	if scene.Pair.Role(scene.On) == target.RoleReplica {
		victim = "sync_server"
	}
	evidence, err := memory.Exhaust(ctx, scene.On, victim)
	if err != nil {
		return nil, fmt.Errorf("using up the memory of %s: %w", scene.On, err)
	}
	return &standing{evidence: evidence, damage: onServer(scene, target.ProcessCrashed, "the kernel ended "+victim+" for want of memory")}, nil
}
