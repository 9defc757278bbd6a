package main

import (
	"context"
	"errors"

	"github.com/cyrdrill/cyrdrill/docker"
	outsider "github.com/cyrdrill/cyrdrill/harness/command"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
	"github.com/cyrdrill/cyrdrill/sim/front"
)

// doorsOf opens a pair's services to outside commands: a real pair's are open, and the
// simulator's are put on sockets while the command looks.
func doorsOf(pair target.Pair) outsider.Doors {
	doors := outsider.Doors{Admin: docker.AdminUser, Password: docker.AdminPassword}
	switch p := pair.(type) {
	case target.Addressed:
		doors.Open = func(context.Context) (target.Addresses, func() error, error) {
			return p.Addresses(), func() error { return nil }, nil
		}
	case *sim.Pair:
		doors.Open = func(ctx context.Context) (target.Addresses, func() error, error) {
			fronts, err := front.Open(context.WithoutCancel(ctx), p, front.Options{Admin: docker.AdminUser, Password: docker.AdminPassword})
			if err != nil {
				return nil, nil, err
			}
			addresses := target.Addresses{}
			for _, server := range p.Servers() {
				addresses[server.Name()] = map[string]string{}
				for _, service := range front.Services() {
					addresses[server.Name()][string(service)] = fronts.Address(server.Name(), service)
				}
			}
			return addresses, fronts.Close, nil
		}
	default:
		doors.Open = func(context.Context) (target.Addresses, func() error, error) {
			return nil, nil, errors.New("this target has no services that can be dialled")
		}
	}
	return doors
}
