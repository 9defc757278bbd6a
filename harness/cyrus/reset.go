package cyrus

import (
	"context"
	"fmt"
	"time"

	"github.com/containerd/errdefs"
	apinetwork "github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"github.com/cyrdrill/cyrdrill/docker"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Reset implements [target.Pair]: the containers stay, what is in them goes.
func (p *Pair) Reset(ctx context.Context, accounts []string) error {
	if p.moving {
		if err := p.both(ctx, func(ctx context.Context, s *server) error { return s.setClock(ctx, 0) }); err != nil {
			return fmt.Errorf("resetting the pair: %w", err)
		}
		p.mu.Lock()
		p.advanced = 0
		p.mu.Unlock()
	}
	if err := p.both(ctx, func(ctx context.Context, s *server) error { return s.reconnect(ctx) }); err != nil {
		return fmt.Errorf("resetting the pair: %w", err)
	}
	if err := p.dropRelay(ctx); err != nil {
		return fmt.Errorf("resetting the pair: %w", err)
	}
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
// is in.
func (s *server) reset(ctx context.Context) error {
	role, peer := target.RoleMaster, s.peer()
	if s.name != target.Imap1 {
		role, peer = target.RoleReplica, ""
	}
	if _, protected := s.sabotaged(); protected {
		if _, err := (saboteur{s.pair}).Unprotect(ctx, s.name); err != nil {
			return err
		}
	}
	began := time.Now()
	if err := s.startAnew(ctx, role, peer, docker.Wipe); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.logSince = began
	return s.view.Close()
}

// reconnect takes the server out of a pause and back into the network of
// replication.
func (s *server) reconnect(ctx context.Context) error {
	e := s.pair.engine
	found, err := e.inspect(ctx, s.id)
	if err != nil {
		return fmt.Errorf("looking at the container of %s: %w", s.name, err)
	}
	if found.State.Paused {
		if _, err := e.ContainerUnpause(ctx, s.id, client.ContainerUnpauseOptions{}); err != nil {
			return fmt.Errorf("taking %s out of its pause: %w", s.name, err)
		}
	}
	if _, connected := found.NetworkSettings.Networks[s.pair.networks[replicationNetwork]]; connected {
		return nil
	}
	_, err = e.NetworkConnect(ctx, s.pair.networks[replicationNetwork], client.NetworkConnectOptions{
		Container: s.id, EndpointConfig: &apinetwork.EndpointSettings{Aliases: []string{hostOf(s.name)}},
	})
	if err != nil {
		return fmt.Errorf("connecting %s to the network of replication: %w", s.name, err)
	}
	return nil
}

// startAnew ends what runs in the container, if anything, and starts Cyrus in
// it with the configuration of a role, on the data that is there or on none.
// The engine is asked to start a container only where that does not run: to do
// it within the container is quicker, and published ports stay.
func (s *server) startAnew(ctx context.Context, role target.Role, peer string, first docker.First) error {
	files, err := s.configuration(role, peer)
	if err != nil {
		return err
	}
	for i := range files {
		files[i].path += docker.NextSuffix
	}
	e := s.pair.engine
	if err := e.write(ctx, s.id, append(files, file{path: docker.NextFile, mode: 0o644, content: []byte(first)})...); err != nil {
		return fmt.Errorf("writing the configuration of %s: %w", s.name, err)
	}
	running, err := s.running(ctx)
	if err != nil {
		return err
	}
	if running {
		_, err = e.ContainerKill(ctx, s.id, client.ContainerKillOptions{Signal: docker.StartAnewSignal})
	} else {
		_, err = e.ContainerStart(ctx, s.id, client.ContainerStartOptions{})
	}
	if err != nil {
		return fmt.Errorf("starting %s anew: %w", s.name, err)
	}
	s.setRole(role)
	s.setPeer(peer)
	s.setGarbled(false)
	if !running {
		s.setProtected(false)
	}
	if err := s.taken(ctx); err != nil {
		return err
	}
	return s.greeted(ctx)
}

// taken waits until the container has read what to do next: whatever greets
// from then on is of its new life.
func (s *server) taken(ctx context.Context) error {
	return target.WaitUntil(ctx, realTime{}, greetWithin, string(s.name)+" to end its old life", func(ctx context.Context) (bool, string, error) {
		_, err := s.pair.engine.ContainerStatPath(ctx, s.id, client.ContainerStatPathOptions{Path: docker.NextFile})
		switch {
		case errdefs.IsNotFound(err):
			return true, "", nil
		case err != nil:
			return false, "", err
		}
		return false, "it has not begun", s.died(ctx)
	})
}
