package sim

import (
	"context"
	"fmt"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

var (
	_ target.PortSaboteur   = saboteur{}
	_ target.MountSaboteur  = saboteur{}
	_ target.MemorySaboteur = saboteur{}
)

// switched changes something that is one way or the other, and tells of both.
func (b saboteur) switched(ctx context.Context, name target.ServerName, done, what string, state *bool, to bool, says func(bool) string) (target.Evidence, error) {
	return b.damage(ctx, name, what, done, func() string { return says(*state) }, func() error {
		*state = to
		return nil
	})
}

func answering(garbled bool) string {
	if garbled {
		return "something of no meaning"
	}
	return "sync_server"
}

// Garble implements [target.PortSaboteur].
func (b saboteur) Garble(ctx context.Context, name target.ServerName) (target.Evidence, error) {
	s := b.pair.server(name)
	if !s.up() {
		return target.Evidence{}, fmt.Errorf("garbling the port of %s: it is down", name)
	}
	evidence, err := b.switched(ctx, name, "sync_server's port was given to something of no meaning", "what answers at the port of replication", &s.garbled, true, answering)
	if other := b.pair.server(name.Other()); err == nil && other.client != nil {
		other.client.wake()
	}
	return evidence, err
}

// Ungarble implements [target.PortSaboteur].
func (b saboteur) Ungarble(ctx context.Context, name target.ServerName) (target.Evidence, error) {
	s := b.pair.server(name)
	evidence, err := b.switched(ctx, name, "sync_server's port was given back", "what answers at the port of replication", &s.garbled, false, answering)
	if err == nil {
		operator(b).tellClient(s)
	}
	return evidence, err
}

// Garbled implements [target.PortSaboteur].
func (b saboteur) Garbled(ctx context.Context, name target.ServerName) (bool, error) {
	return b.pair.server(name).garbled, b.pair.takes(ctx, execTime)
}

func mounted(readOnly bool) string {
	if readOnly {
		return "read-only"
	}
	return "read and write"
}

// Protect implements [target.MountSaboteur].
func (b saboteur) Protect(ctx context.Context, name target.ServerName) (target.Evidence, error) {
	if !b.pair.server(name).up() {
		return target.Evidence{}, fmt.Errorf("mounting the mail of %s read-only: it is down", name)
	}
	return b.switched(ctx, name, "the file system that holds mail takes no writes", "mount of the mail", &b.pair.server(name).disk.readOnly, true, mounted)
}

// Unprotect implements [target.MountSaboteur].
func (b saboteur) Unprotect(ctx context.Context, name target.ServerName) (target.Evidence, error) {
	return b.switched(ctx, name, "the file system that holds mail takes writes again", "mount of the mail", &b.pair.server(name).disk.readOnly, false, mounted)
}

// Protected implements [target.MountSaboteur].
func (b saboteur) Protected(ctx context.Context, name target.ServerName) (bool, error) {
	return b.pair.server(name).disk.readOnly, b.pair.takes(ctx, execTime)
}

// Full implements [target.DiskSaboteur].
func (b saboteur) Full(ctx context.Context, name target.ServerName) (bool, error) {
	return b.pair.server(name).disk.full, b.pair.takes(ctx, execTime)
}

// Offset implements [target.ClockSaboteur].
func (b saboteur) Offset(ctx context.Context, name target.ServerName) (time.Duration, error) {
	return b.pair.server(name).offset, b.pair.takes(ctx, execTime)
}

// Exhaust implements [target.MemorySaboteur]. What the kernel takes is what it is
// made to take by a real server's saboteur.
func (b saboteur) Exhaust(ctx context.Context, name target.ServerName, process string) (target.Evidence, error) {
	evidence, err := b.KillProcess(ctx, name, process, 1)
	if err != nil {
		return target.Evidence{}, err
	}
	evidence.Summary = fmt.Sprintf("the memory of %s was used up, and the kernel ended %s", name, process)
	return evidence, nil
}
