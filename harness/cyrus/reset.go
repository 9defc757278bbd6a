package cyrus

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"time"

	apinetwork "github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Reset implements [target.Pair]: the containers stay, what is in them goes.
func (p *Pair) Reset(ctx context.Context, accounts []string) error {
	if err := p.both(ctx, func(ctx context.Context, s *server) error { return s.reset(ctx) }); err != nil {
		return fmt.Errorf("resetting the pair: %w", err)
	}
	p.serve(target.Imap1)
	if err := p.populate(ctx, accounts); err != nil {
		return fmt.Errorf("resetting the pair: %w", err)
	}
	return nil
}

// reset brings one server back to what a new pair has, from whatever state it
// is in. Only a server that is not as a new pair has it must be started again,
// which costs half a second; otherwise its data is wiped under it.
func (s *server) reset(ctx context.Context) error {
	role, peer := target.RoleMaster, s.peer()
	if s.name != target.Imap1 {
		role, peer = target.RoleReplica, ""
	}
	asNew, err := s.reconnect(ctx)
	if err != nil {
		return err
	}
	if !asNew || s.Role() != role {
		if err := s.restart(ctx, role, peer); err != nil {
			return err
		}
	}
	return s.wipe(ctx)
}

// reconnect takes the server out of a pause and back into the network of
// replication. It says whether it was running there anyhow.
func (s *server) reconnect(ctx context.Context) (asNew bool, err error) {
	e := s.pair.engine
	found, err := e.inspect(ctx, s.id)
	if err != nil {
		return false, fmt.Errorf("looking at the container of %s: %w", s.name, err)
	}
	asNew = found.State.Running
	if found.State.Paused {
		if _, err := e.ContainerUnpause(ctx, s.id, client.ContainerUnpauseOptions{}); err != nil {
			return false, fmt.Errorf("taking %s out of its pause: %w", s.name, err)
		}
	}
	if _, connected := found.NetworkSettings.Networks[s.pair.networks[replicationNetwork]]; connected {
		return asNew, nil
	}
	_, err = e.NetworkConnect(ctx, s.pair.networks[replicationNetwork], client.NetworkConnectOptions{
		Container: s.id, EndpointConfig: &apinetwork.EndpointSettings{Aliases: []string{string(s.name)}},
	})
	if err != nil {
		return false, fmt.Errorf("connecting %s to the network of replication: %w", s.name, err)
	}
	return false, nil
}

// restart gives the server the configuration of a role and starts it anew,
// whether it runs or not.
func (s *server) restart(ctx context.Context, role target.Role, peer string) error {
	files, err := s.configuration(role, peer)
	if err != nil {
		return err
	}
	if err := s.pair.engine.write(ctx, s.id, files...); err != nil {
		return fmt.Errorf("writing the configuration of %s: %w", s.name, err)
	}
	seconds := 0 // what a server does on its way out is of no use here
	if _, err := s.pair.engine.ContainerRestart(ctx, s.id, client.ContainerRestartOptions{Timeout: &seconds}); err != nil {
		return fmt.Errorf("starting %s anew: %w", s.name, err)
	}
	s.setRole(role)
	return s.greeted(ctx)
}

//go:embed wipe.sh
var wipeScript string

// wipe removes all mail and state under a running server.
func (s *server) wipe(ctx context.Context) error {
	wiped := time.Now()
	if _, err := s.pair.engine.exec(ctx, s.id, "cyrus", "sh", "-euc", wipeScript); err != nil {
		return fmt.Errorf("wiping %s: %w", s.name, err)
	}
	s.mu.Lock()
	s.logSince = wiped
	s.mu.Unlock()
	return errors.Join(s.view.Close(), s.greeted(ctx))
}
