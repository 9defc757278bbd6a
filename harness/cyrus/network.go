package cyrus

import (
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

var _ target.NetworkSaboteur = saboteur{}

// Cut implements [target.NetworkSaboteur].
func (b saboteur) Cut(ctx context.Context, name target.ServerName) (target.Evidence, error) {
	return b.rewire(ctx, name, "cut off the network of replication", (*server).cutOff)
}

// Mend implements [target.NetworkSaboteur].
func (b saboteur) Mend(ctx context.Context, name target.ServerName) (target.Evidence, error) {
	return b.rewire(ctx, name, "put back into the network of replication", (*server).reconnect)
}

func (b saboteur) rewire(ctx context.Context, name target.ServerName, done string, do func(*server, context.Context) error) (target.Evidence, error) {
	s := b.pair.server(name)
	fail := func(err error) (target.Evidence, error) {
		return target.Evidence{}, fmt.Errorf("rewiring %s: %w", name, err)
	}
	before, err := s.addressOf(ctx, replicationNetwork)
	if err != nil {
		return fail(err)
	}
	if err := do(s, ctx); err != nil {
		return fail(err)
	}
	after, err := s.addressOf(ctx, replicationNetwork)
	if err != nil {
		return fail(err)
	}
	return target.Evidence{
		Summary: fmt.Sprintf("%s was %s", name, done),
		Facts:   []target.Fact{{What: fmt.Sprintf("address of %s in the network of replication", name), Before: before, After: after}},
	}, nil
}

// addressOf returns the server's address in one of the pair's networks, or "none".
func (s *server) addressOf(ctx context.Context, network string) (string, error) {
	found, err := s.pair.engine.inspect(ctx, s.id)
	if err != nil {
		return "", err
	}
	if at, connected := found.NetworkSettings.Networks[s.pair.networks[network]]; connected {
		return at.IPAddress.String(), nil
	}
	return "none", nil
}
