package fault

import (
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// DiskFull leaves no room on the disk that holds a server's mail.
type DiskFull struct{}

// Name implements [Fault].
func (DiskFull) Name() string { return "disk-full" }

// Doc implements [Fault].
func (DiskFull) Doc() string {
	return "no room is left on the disk that holds a server's mail; a full replica blocks the replication of all users"
}

// Effects implements [Fault].
func (DiskFull) Effects() Effects {
	return Effects{Breaks: Disk, NeedsServer: true, NeedsSmallDisk: true}
}

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
