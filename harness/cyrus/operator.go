package cyrus

import (
	"context"
	"fmt"

	"github.com/moby/moby/client"

	"github.com/cyrdrill/cyrdrill/docker"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// operator does what an administrator may do.
type operator struct{ pair *Pair }

var _ target.Operator = operator{}

// running says whether the server's container runs.
func (s *server) running(ctx context.Context) (bool, error) {
	found, err := s.pair.engine.inspect(ctx, s.id)
	if err != nil {
		return false, fmt.Errorf("looking at %s: %w", s.name, err)
	}
	return found.State.Running, nil
}

// Start implements [target.Operator].
func (o operator) Start(ctx context.Context, name target.ServerName) error {
	s := o.pair.server(name)
	up, err := s.running(ctx)
	switch {
	case err != nil:
		return err
	case up:
		return fmt.Errorf("starting %s: it is up", name)
	}
	if err := s.straighten(ctx); err != nil {
		return err
	}
	if _, err := o.pair.engine.ContainerStart(ctx, s.id, client.ContainerStartOptions{}); err != nil {
		return fmt.Errorf("starting %s: %w", name, err)
	}
	if r := o.pair.relayNow(); r != nil && r.master == s {
		if err := r.engage(ctx); err != nil {
			return err
		}
	}
	return s.greeted(ctx)
}

// straighten takes back, of a server that is down, what a start takes back.
func (s *server) straighten(ctx context.Context) error {
	garbled, _ := s.sabotaged()
	s.setProtected(false)
	if !garbled {
		return nil
	}
	files, err := s.configuration(s.Role(), s.peerNow())
	if err == nil {
		err = s.pair.engine.write(ctx, s.id, files...)
	}
	if err != nil {
		return fmt.Errorf("writing the configuration of %s: %w", s.name, err)
	}
	s.setGarbled(false)
	return nil
}

// Stop implements [target.Operator].
func (o operator) Stop(ctx context.Context, name target.ServerName) error {
	s := o.pair.server(name)
	up, err := s.running(ctx)
	switch {
	case err != nil:
		return err
	case !up:
		return fmt.Errorf("stopping %s: it is down", name)
	}
	if err := s.keepsData(); err != nil {
		return fmt.Errorf("stopping %s: %w", name, err)
	}
	seconds := int(callWithin.Seconds())
	if _, err := o.pair.engine.ContainerStop(ctx, s.id, client.ContainerStopOptions{Timeout: &seconds}); err != nil {
		return fmt.Errorf("stopping %s: %w", name, err)
	}
	s.forgetPorts()
	return nil
}

// Promote implements [target.Operator].
func (o operator) Promote(ctx context.Context, name target.ServerName) error {
	s, old := o.pair.server(name), o.pair.server(name.Other())
	if role := s.Role(); role != target.RoleReplica {
		return fmt.Errorf("promoting %s: it is no replica but %s", name, role)
	}
	up, err := s.running(ctx)
	if err != nil {
		return err
	}
	oldUp, err := old.running(ctx)
	switch {
	case err != nil:
		return err
	case !up:
		return fmt.Errorf("promoting %s: it is down", name)
	case oldUp:
		return fmt.Errorf("promoting %s: %s is up, and two masters at once would be a split brain", name, old.name)
	}
	if err := s.startAnew(ctx, target.RoleMaster, "", docker.KeepData); err != nil {
		return fmt.Errorf("promoting %s: %w", name, err)
	}
	old.setRole(target.RoleRescued) // out of the pair; it can only be rescued
	o.pair.serve(name)
	return nil
}

// Rescue implements [target.Operator].
func (o operator) Rescue(ctx context.Context, name target.ServerName) error {
	s := o.pair.server(name)
	if o.pair.Serving().Name() == name {
		return fmt.Errorf("rescuing %s: it serves users; promote the other server first", name)
	}
	up, err := s.running(ctx)
	switch {
	case err != nil:
		return err
	case up:
		return fmt.Errorf("rescuing %s: it is up, as %s", name, s.Role())
	}
	if err := s.cutOff(ctx); err != nil {
		return fmt.Errorf("rescuing %s: %w", name, err)
	}
	if err := s.startAnew(ctx, target.RoleRescued, "", docker.KeepData); err != nil {
		return fmt.Errorf("rescuing %s: %w", name, err)
	}
	return s.canBeRead(ctx)
}

// canBeRead asks a rescued server for the harness's own account, which each has:
// Cyrus greets also where it cannot open its list of mailboxes, or has lost it.
func (s *server) canBeRead(ctx context.Context) error {
	found, err := s.Index().Mailboxes(ctx, probe)
	if err != nil {
		return fmt.Errorf("rescuing %s: it is up, and its index cannot be read: %w", s.name, err)
	}
	if len(found) == 0 {
		return fmt.Errorf("rescuing %s: it is up, and knows no mailbox: its list of mailboxes is lost", s.name)
	}
	return nil
}

// cutOff takes the server out of the network of replication.
func (s *server) cutOff(ctx context.Context) error {
	e := s.pair.engine
	found, err := e.inspect(ctx, s.id)
	if err != nil {
		return err
	}
	if _, connected := found.NetworkSettings.Networks[s.pair.networks[replicationNetwork]]; !connected {
		return nil
	}
	_, err = e.NetworkDisconnect(ctx, s.pair.networks[replicationNetwork], client.NetworkDisconnectOptions{Container: s.id, Force: true})
	if err != nil {
		return fmt.Errorf("cutting it off the network of replication: %w", err)
	}
	return nil
}
