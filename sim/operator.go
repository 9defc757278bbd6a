package sim

import (
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// operator does what an administrator may do.
type operator struct{ pair *Pair }

var _ target.Operator = operator{}

// Start implements [target.Operator].
func (o operator) Start(ctx context.Context, name target.ServerName) error {
	s := o.pair.server(name)
	if s.up() {
		return fmt.Errorf("starting %s: it is up", name)
	}
	return o.bringUp(ctx, s)
}

func (o operator) bringUp(ctx context.Context, s *server) error {
	s.start()
	o.tellClient(s)
	return o.pair.takes(ctx, startTime)
}

// tellClient lets a sync_client go on that waits for the server.
func (o operator) tellClient(s *server) {
	if other := o.pair.server(s.name.Other()); other.client != nil && other.peer == s {
		other.client.peerIsBack()
	}
}

// Stop implements [target.Operator].
func (o operator) Stop(ctx context.Context, name target.ServerName) error {
	s := o.pair.server(name)
	if !s.up() {
		return fmt.Errorf("stopping %s: it is down", name)
	}
	s.logf("master: exiting")
	s.kill()
	s.tookLeave = true
	s.disk.readOnly = false // a machine that starts mounts anew
	return o.pair.takes(ctx, startTime)
}

// Promote implements [target.Operator].
func (o operator) Promote(ctx context.Context, name target.ServerName) error {
	s, old := o.pair.server(name), o.pair.server(name.Other())
	switch {
	case s.role != target.RoleReplica:
		return fmt.Errorf("promoting %s: it is no replica but %s", name, s.role)
	case !s.up():
		return fmt.Errorf("promoting %s: it is down", name)
	case old.up():
		return fmt.Errorf("promoting %s: %s is up, and two masters at once would be a split brain", name, old.name)
	}
	s.kill()
	s.role, s.peer = target.RoleMaster, nil
	old.role, old.peer = target.RoleRescued, nil // out of the pair; it can only be rescued
	o.pair.serving = name
	return o.bringUp(ctx, s)
}

// Rescue implements [target.Operator].
func (o operator) Rescue(ctx context.Context, name target.ServerName) error {
	s := o.pair.server(name)
	switch {
	case o.pair.serving == name:
		return fmt.Errorf("rescuing %s: it serves users; promote the other server first", name)
	case s.up():
		return fmt.Errorf("rescuing %s: it is up, as %s", name, s.role)
	}
	s.role, s.peer, s.link.Cut = target.RoleRescued, nil, true
	if err := o.bringUp(ctx, s); err != nil {
		return err
	}
	if len(s.disk.list.entries) == 0 {
		return fmt.Errorf("rescuing %s: it is up, and knows no mailbox: its list of mailboxes is lost", name)
	}
	return nil
}
