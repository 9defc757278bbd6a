package cyrus

import (
	"context"
	"fmt"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

var _ target.DiskSaboteur = saboteur{}

const (
	mailFolder = "/var/spool/cyrus/mail"
	ballast    = mailFolder + "/ballast"
	// smallDisk are the mount options of a small disk for mail.
	smallDisk = "size=16m"
)

// Fill implements [target.DiskSaboteur]. Whoever writes is root, so that a little
// that file systems keep for root would be used up as well.
func (b saboteur) Fill(ctx context.Context, name target.ServerName) (target.Evidence, error) {
	return b.load(ctx, name, "filled up", "dd if=/dev/zero of="+ballast+" bs=4096 2>/dev/null; sync "+ballast)
}

// Free implements [target.DiskSaboteur].
func (b saboteur) Free(ctx context.Context, name target.ServerName) (target.Evidence, error) {
	return b.load(ctx, name, "freed", "rm -f "+ballast)
}

func (b saboteur) load(ctx context.Context, name target.ServerName, done, script string) (target.Evidence, error) {
	s := b.pair.server(name)
	if !b.pair.smallDisk {
		return target.Evidence{}, &target.UnsupportedError{Target: "a pair without a small disk", What: "full disks"}
	}
	before, err := s.room(ctx)
	if err != nil {
		return target.Evidence{}, err
	}
	if _, err := s.pair.engine.exec(ctx, s.id, "", "sh", "-c", script); err != nil {
		return target.Evidence{}, fmt.Errorf("changing what is on the disk of %s: %w", name, err)
	}
	after, err := s.room(ctx)
	if err != nil {
		return target.Evidence{}, err
	}
	return target.Evidence{
		Summary: fmt.Sprintf("the disk of %s was %s", name, done),
		Facts:   []target.Fact{{What: "room for mail on " + string(name), Before: before, After: after}},
	}, nil
}

// Full implements [target.DiskSaboteur].
func (b saboteur) Full(ctx context.Context, name target.ServerName) (bool, error) {
	room, err := b.pair.server(name).room(ctx)
	return room == "0 KiB", err
}

// room says how much room there is for mail.
func (s *server) room(ctx context.Context) (string, error) {
	said, err := s.pair.engine.exec(ctx, s.id, "", "df", "--output=avail", mailFolder)
	if err != nil {
		return "", fmt.Errorf("looking at the disk of %s: %w", s.name, err)
	}
	fields := strings.Fields(string(said))
	return fields[len(fields)-1] + " KiB", nil
}

// giveDisk gives a small disk to Cyrus, which is not root: it is mounted as root's.
func (s *server) giveDisk(ctx context.Context) error {
	if !s.pair.smallDisk {
		return nil
	}
	if _, err := s.pair.engine.exec(ctx, s.id, "", "chown", "cyrus:mail", mailFolder); err != nil {
		return fmt.Errorf("giving the disk of %s to Cyrus: %w", s.name, err)
	}
	return nil
}

// keepsData refuses to end a server whose mail is in memory alone.
func (s *server) keepsData() error {
	if s.pair.smallDisk {
		return &target.UnsupportedError{Target: "a pair with small disks", What: "servers that end and come back"}
	}
	return nil
}
