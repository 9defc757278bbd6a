package cyrus

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/moby/moby/api/types/container"

	"github.com/cyrdrill/cyrdrill/harness/view"
	"github.com/cyrdrill/cyrdrill/harness/wire/prompt"
)

// locate reads where the container's services can be dialled now.
func (s *server) locate(ctx context.Context) error {
	found, err := s.pair.engine.inspect(ctx, s.id)
	if err != nil {
		return fmt.Errorf("looking at the container of %s: %w", s.name, err)
	}
	own := ownAddress(found, s.pair.networks[observersNetwork])
	near := own.IsValid() && s.pair.engine.host() == loopback && onThisMachine(own)
	addresses := map[view.Service]string{}
	for service, port := range ports {
		at := s.pair.engine.published(found, port)
		if at != "" && near {
			at = netip.AddrPortFrom(own, port).String()
		}
		if at != "" {
			addresses[service] = at
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addresses = addresses
	return nil
}

// ownAddress is the container's address on a network; not valid where it has none.
func ownAddress(c container.InspectResponse, network string) netip.Addr {
	if c.NetworkSettings == nil || c.NetworkSettings.Networks[network] == nil {
		return netip.Addr{}
	}
	return c.NetworkSettings.Networks[network].IPAddress
}

// onThisMachine says whether the address lies on a network of this machine, as a
// container's does where the engine makes its bridges here. Where it makes them
// in a virtual machine, published ports are the only way.
func onThisMachine(own netip.Addr) bool {
	interfaces, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	for _, a := range interfaces {
		if prefix, err := netip.ParsePrefix(a.String()); err == nil && prefix.Contains(own) && prefix.Addr() != own {
			return true
		}
	}
	return false
}

var errNotPublished = errors.New("connection refused: the server is down")

// Dial implements [view.Dialer].
func (s *server) Dial(ctx context.Context, service view.Service) (net.Conn, error) {
	s.mu.Lock()
	address := s.addresses[service]
	s.mu.Unlock()
	if address == "" {
		return nil, errNotPublished
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return prompt.Conn(conn), nil
}

// forgetPorts is called when the container has ended: its addresses may be
// somebody else's soon.
func (s *server) forgetPorts() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addresses = nil
}
