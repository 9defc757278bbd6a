package sim

import (
	"context"
	"fmt"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

var _ target.NetworkSaboteur = saboteur{}

// link is a server's end of the network of replication.
type link struct {
	cut   bool
	delay time.Duration // of each answer
}

func (l link) String() string {
	if l.cut {
		return "cut"
	}
	return fmt.Sprintf("connected, %s slower", l.delay)
}

// routed says whether the two are in one network.
func (s *server) routed(peer *server) bool { return !s.link.cut && !peer.link.cut }

// reaches says whether the peer's sync_server answers.
func (s *server) reaches(peer *server) bool {
	return peer.up() && s.routed(peer) && !peer.stopped(serviceSync.process()) && s.delay(peer) < syncTimeout
}

// delay is by how much a question and its answer take longer.
func (s *server) delay(peer *server) time.Duration { return s.link.delay + peer.link.delay }

// Cut implements [target.NetworkSaboteur].
func (b saboteur) Cut(ctx context.Context, name target.ServerName) (target.Evidence, error) {
	return b.rewire(ctx, name, "cut off the network of replication", func(l *link) { l.cut = true })
}

// Mend implements [target.NetworkSaboteur].
func (b saboteur) Mend(ctx context.Context, name target.ServerName) (target.Evidence, error) {
	return b.rewire(ctx, name, "put back into the network of replication", func(l *link) { l.cut = false })
}

// Delay implements [target.NetworkSaboteur].
func (b saboteur) Delay(ctx context.Context, name target.ServerName, d time.Duration) (target.Evidence, error) {
	return b.rewire(ctx, name, fmt.Sprintf("slowed down by %s", d), func(l *link) { l.delay = d })
}

func (b saboteur) rewire(ctx context.Context, name target.ServerName, done string, do func(*link)) (target.Evidence, error) {
	if err := b.pair.takes(ctx, execTime); err != nil {
		return target.Evidence{}, err
	}
	s := b.pair.server(name)
	before := s.link
	do(&s.link)
	for _, one := range b.pair.servers {
		operator(b).tellClient(one)
	}
	b.pair.tracef("%s was %s", name, done)
	return target.Evidence{
		Summary: fmt.Sprintf("%s was %s", name, done),
		Facts:   []target.Fact{{What: fmt.Sprintf("link of %s to the network of replication", name), Before: before.String(), After: s.link.String()}},
	}, nil
}
