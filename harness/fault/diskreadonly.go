package fault

import (
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

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
func (DiskReadOnly) Effects() Effects { return Effects{Breaks: Disk, NeedsServer: true} }

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
