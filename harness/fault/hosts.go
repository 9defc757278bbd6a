package fault

import (
	"context"
	"fmt"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// ServerStopped shuts a server down in order, as an administrator does.
type ServerStopped struct{}

// Name implements [Fault].
func (ServerStopped) Name() string { return "server-stopped" }

// Doc implements [Fault].
func (ServerStopped) Doc() string { return "a server is shut down in order" }

// Effects implements [Fault].
func (ServerStopped) Effects() Effects { return Effects{KillsServer: true} }

// Inject implements [Fault].
func (ServerStopped) Inject(ctx context.Context, scene Scene) (Instance, error) {
	evidence, err := stop(ctx, scene)
	if err != nil {
		return nil, err
	}
	return &standing{evidence: evidence, damage: onServer(scene, target.ServerDown, "it was shut down"), live: down(scene)}, nil
}

// stop shuts the scene's server down, and tells of its processes before and after.
func stop(ctx context.Context, scene Scene) (target.Evidence, error) {
	host := scene.Pair.Server(scene.On).Host()
	before, err := host.Processes(ctx)
	if err != nil {
		return target.Evidence{}, fmt.Errorf("looking for processes on %s: %w", scene.On, err)
	}
	if err := scene.Pair.Operator().Stop(ctx, scene.On); err != nil {
		return target.Evidence{}, err
	}
	after, err := host.Processes(ctx)
	if err != nil {
		return target.Evidence{}, fmt.Errorf("looking for processes on %s: %w", scene.On, err)
	}
	return target.Evidence{
		Summary: fmt.Sprintf("%s was shut down", scene.On),
		Facts:   []target.Fact{{What: fmt.Sprintf("processes on %s", scene.On), Before: fmt.Sprint(len(before)), After: fmt.Sprint(len(after))}},
	}, nil
}

// ServerRestarted shuts a server down in order and starts it again: sessions end, and
// what waited in the sync log comes first.
type ServerRestarted struct{}

// Name implements [Fault].
func (ServerRestarted) Name() string { return "server-restarted" }

// Doc implements [Fault].
func (ServerRestarted) Doc() string {
	return "a server is shut down in order and started again; sessions that were open have ended"
}

// Effects implements [Fault].
func (ServerRestarted) Effects() Effects { return Effects{NeedsServer: true} }

// Inject implements [Fault].
func (ServerRestarted) Inject(ctx context.Context, scene Scene) (Instance, error) {
	evidence, err := stop(ctx, scene)
	if err != nil {
		return nil, err
	}
	if err := scene.Pair.Operator().Start(ctx, scene.On); err != nil {
		return nil, err
	}
	evidence.Summary = fmt.Sprintf("%s was shut down and started again", scene.On)
	return &standing{evidence: evidence, damage: onServer(scene, target.ServerDown, "it was down until it had started again"), live: down(scene)}, nil
}

// DiskFull leaves no room on the disk that holds a server's mail.
type DiskFull struct{}

// Name implements [Fault].
func (DiskFull) Name() string { return "disk-full" }

// Doc implements [Fault].
func (DiskFull) Doc() string {
	return "no room is left on the disk that holds a server's mail; a full replica blocks the replication of all users"
}

// Effects implements [Fault].
func (DiskFull) Effects() Effects { return Effects{NeedsServer: true, NeedsSmallDisk: true} }

// Inject implements [Fault].
func (DiskFull) Inject(ctx context.Context, scene Scene) (Instance, error) {
	disks, err := hand[target.DiskSaboteur](scene, "full disks")
	if err != nil {
		return nil, err
	}
	evidence, err := disks.Fill(ctx, scene.On)
	if err != nil {
		return nil, fmt.Errorf("filling the disk of %s: %w", scene.On, err)
	}
	return &standing{
		evidence: evidence, damage: onServer(scene, target.DiskFull, "there is no room for mail"),
		live: func(ctx context.Context) (bool, error) { return disks.Full(ctx, scene.On) },
	}, nil
}

// DiskReadOnly lets the file system that holds a server's mail take no writes, as the
// kernel does where a disk fails.
type DiskReadOnly struct{}

// Name implements [Fault].
func (DiskReadOnly) Name() string { return "disk-read-only" }

// Doc implements [Fault].
func (DiskReadOnly) Doc() string {
	return "the file system that holds a server's mail takes no writes: mail can be read (EXAMINE), and not be opened (SELECT) or delivered; a replica's index view says NO"
}

// Effects implements [Fault].
func (DiskReadOnly) Effects() Effects { return Effects{NeedsServer: true} }

// Inject implements [Fault].
func (DiskReadOnly) Inject(ctx context.Context, scene Scene) (Instance, error) {
	mounts, err := hand[target.MountSaboteur](scene, "disks that take no writes")
	if err != nil {
		return nil, err
	}
	evidence, err := mounts.Protect(ctx, scene.On)
	if err != nil {
		return nil, fmt.Errorf("letting the disk of %s take no writes: %w", scene.On, err)
	}
	return &standing{
		evidence: evidence, damage: onServer(scene, target.DiskReadOnly, "its mail is mounted read-only"),
		live: func(ctx context.Context) (bool, error) { return mounts.Protected(ctx, scene.On) },
	}, nil
}

// defaultJump is by how much a clock jumps where a plan does not say.
const defaultJump = time.Hour

// ClockAhead lets one server's clock jump ahead of the other's.
type ClockAhead struct{}

// Name implements [Fault].
func (ClockAhead) Name() string { return "clock-ahead" }

// Doc implements [Fault].
func (ClockAhead) Doc() string {
	return "one server's clock jumps ahead, `by` so much (1h); sessions that were open may be told that they were idle"
}

// Effects implements [Fault].
func (ClockAhead) Effects() Effects { return Effects{NeedsServer: true, NeedsMovingClock: true} }

// Inject implements [Fault].
func (ClockAhead) Inject(ctx context.Context, scene Scene) (Instance, error) {
	return jump(ctx, scene, jumpBy(scene))
}

// ClockBehind lets one server's clock jump back behind the other's.
type ClockBehind struct{}

// Name implements [Fault].
func (ClockBehind) Name() string { return "clock-behind" }

// Doc implements [Fault].
func (ClockBehind) Doc() string {
	return "one server's clock jumps back, `by` so much (1h): new mail looks older than old"
}

// Effects implements [Fault].
func (ClockBehind) Effects() Effects { return Effects{NeedsServer: true, NeedsMovingClock: true} }

// Inject implements [Fault].
func (ClockBehind) Inject(ctx context.Context, scene Scene) (Instance, error) {
	return jump(ctx, scene, -jumpBy(scene))
}

func jumpBy(scene Scene) time.Duration {
	if scene.By == 0 {
		return defaultJump
	}
	return scene.By
}

func jump(ctx context.Context, scene Scene, by time.Duration) (Instance, error) {
	clocks, err := hand[target.ClockSaboteur](scene, "clocks that can be moved")
	if err != nil {
		return nil, err
	}
	evidence, err := clocks.Jump(ctx, scene.On, by)
	if err != nil {
		return nil, fmt.Errorf("moving the clock of %s: %w", scene.On, err)
	}
	return &standing{
		evidence: evidence, damage: onServer(scene, target.ClockWrong, fmt.Sprintf("it jumped by %s", by)),
		live: func(ctx context.Context) (bool, error) {
			here, err := clocks.Offset(ctx, scene.On)
			if err != nil {
				return false, err
			}
			there, err := clocks.Offset(ctx, scene.On.Other())
			return here != there, err
		},
	}, nil
}

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
func (OutOfMemory) Effects() Effects { return Effects{NeedsServer: true} }

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

// PowerLost cuts the power of a server: what its disk had not been made to keep is
// gone. Real pairs cannot do it.
type PowerLost struct{}

// Name implements [Fault].
func (PowerLost) Name() string { return "power-lost" }

// Doc implements [Fault].
func (PowerLost) Doc() string {
	return "a server's power is cut, and its disk forgets what it had not been made to keep (fsync); not on docker"
}

// Effects implements [Fault].
func (PowerLost) Effects() Effects { return Effects{KillsServer: true} }

// Inject implements [Fault].
func (PowerLost) Inject(ctx context.Context, scene Scene) (Instance, error) {
	power, err := hand[target.PowerSaboteur](scene, "power that is cut")
	if err != nil {
		return nil, err
	}
	evidence, err := power.CutPower(ctx, scene.On)
	if err != nil {
		return nil, fmt.Errorf("cutting the power of %s: %w", scene.On, err)
	}
	return &standing{evidence: evidence, damage: onServer(scene, target.ServerDown, "its power was cut"), live: down(scene)}, nil
}
