package cyrus

import (
	"context"
	_ "embed"
	"fmt"
	"strconv"
	"strings"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

var _ target.MemorySaboteur = saboteur{}

//go:embed memory.sh
var memoryScript string

const (
	// spareMemory is what a container may use beyond what it does when its memory is
	// to be used up, in bytes: less than memory.sh asks for.
	spareMemory = 64 << 20
	// allMemory is a limit that is none.
	allMemory = 1 << 40
	usage     = `cat /sys/fs/cgroup/memory/memory.usage_in_bytes 2>/dev/null || cat /sys/fs/cgroup/memory.current`
)

// Exhaust implements [target.MemorySaboteur]: the container gets a limit, something
// in it asks for more, and the kernel ends processes until it has that.
func (b saboteur) Exhaust(ctx context.Context, name target.ServerName, process string) (target.Evidence, error) {
	s := b.pair.server(name)
	fail := func(err error) (target.Evidence, error) {
		return target.Evidence{}, fmt.Errorf("using up the memory of %s: %w", name, err)
	}
	used, err := s.pair.engine.exec(ctx, s.id, "", "sh", "-c", usage)
	if err != nil {
		return fail(err)
	}
	bytes, err := strconv.ParseInt(strings.TrimSpace(string(used)), 10, 64)
	if err != nil {
		return fail(err)
	}
	if err := s.limitMemory(ctx, bytes+spareMemory); err != nil {
		return fail(err)
	}
	said, err := s.pair.engine.execWithin(ctx, greetWithin, s.id, "", "sh", "-uc", memoryScript, "memory.sh", process)
	if back := s.limitMemory(context.WithoutCancel(ctx), allMemory); err == nil {
		err = back
	}
	if err != nil {
		return fail(fmt.Errorf("%q: %w", said, err))
	}
	lines := strings.Split(strings.TrimRight(string(said), "\n"), "\n")
	if len(lines) != 4 || lines[0] == lines[2] || lines[1] == lines[3] {
		return fail(fmt.Errorf("the kernel ended no %s: %q", process, lines))
	}
	return target.Evidence{
		Summary: fmt.Sprintf("the memory of %s was used up, and the kernel ended %s", name, process),
		Facts: []target.Fact{
			{What: fmt.Sprintf("processes on %s that the kernel has ended for want of memory", name), Before: lines[0], After: lines[2]},
			{What: fmt.Sprintf("pids of %s on %s", process, name), Before: strings.TrimSpace(lines[1]), After: strings.TrimSpace(lines[3])},
		},
	}, nil
}

func (s *server) limitMemory(ctx context.Context, bytes int64) error {
	_, err := s.pair.engine.ContainerUpdate(ctx, s.id, client.ContainerUpdateOptions{Resources: &container.Resources{Memory: bytes, MemorySwap: bytes}})
	if err != nil {
		return fmt.Errorf("letting %s have %d bytes of memory: %w", s.name, bytes, err)
	}
	return nil
}
