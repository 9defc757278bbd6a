package cyrus

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"

	"github.com/cyrdrill/cyrdrill/docker"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/view"
)

// ListenForMaster listens where the pair's servers reach this machine, at the port of
// the sync protocol: on the gateway of a network that is the pair's own, so that the
// port is free. It takes an engine that makes its networks on this machine.
func (p *Pair) ListenForMaster(ctx context.Context) (net.Listener, error) {
	s := p.server(target.Imap1)
	found, err := p.engine.inspect(ctx, s.id)
	if err != nil {
		return nil, fmt.Errorf("looking at the container of %s: %w", s.name, err)
	}
	var gateway netip.Addr
	if at := found.NetworkSettings.Networks[p.networks[observersNetwork]]; at != nil {
		gateway = at.Gateway
	}
	if !gateway.IsValid() || p.engine.host() != loopback {
		return nil, &target.UnsupportedError{Target: "this Docker engine", What: "containers that reach a listener of this process"}
	}
	at := net.JoinHostPort(gateway.String(), strconv.Itoa(int(ports[view.Sync])))
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", at)
	if err != nil {
		return nil, fmt.Errorf("listening for %s: %w", s.name, err)
	}
	return listener, nil
}

// ReplicateTo lets the server that serves replicate to whoever listens at that
// address, in place of its replica, from now on.
func (p *Pair) ReplicateTo(ctx context.Context, listener net.Addr) error {
	host, port, err := net.SplitHostPort(listener.String())
	if err == nil && port != strconv.Itoa(int(ports[view.Sync])) {
		err = fmt.Errorf("servers are configured for port %d", ports[view.Sync])
	}
	master := p.server(p.Serving().Name())
	if err == nil {
		err = master.startAnew(ctx, target.RoleMaster, host, docker.KeepData)
	}
	if err != nil {
		return fmt.Errorf("letting %s replicate to %s: %w", master.name, listener, err)
	}
	return nil
}

// SyncUser sends all of an account to whom the serving master replicates, and
// returns what sync_client said it sent. A conversation that ends badly is an error.
func (p *Pair) SyncUser(ctx context.Context, account string) (said string, err error) {
	return p.server(p.Serving().Name()).tool(ctx, "sync_client", "-v", "-u", account)
}
