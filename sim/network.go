package sim

import (
	"context"
	"fmt"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

var _ target.NetworkSaboteur = saboteur{}

const (
	// packetSize is how many bytes of a message one packet carries.
	packetSize = 1400
	// packetsOfTalk is about how many packets a question and its answer take.
	packetsOfTalk = 4
	// resendTime is after what time TCP sends a packet again that was lost (the
	// smallest retransmission timeout of Linux).
	resendTime = 200 * time.Millisecond
)

// routed says whether the two are in one network.
func (s *server) routed(peer *server) bool { return !s.link.Cut && !peer.link.Cut }

// reaches says whether the peer's sync_server answers.
func (s *server) reaches(peer *server) bool {
	return peer.up() && !peer.garbled && s.routed(peer) && !peer.stopped(serviceSync.process()) && s.delay(peer) < syncTimeout
}

// delay is by how much a question and its answer take longer.
func (s *server) delay(peer *server) time.Duration { return s.link.Delay + peer.link.Delay }

// transfer is by how much longer so many bytes take in a network that lets few
// through, or loses some.
func (s *server) transfer(peer *server, bytes int) time.Duration {
	var d time.Duration
	for _, l := range []target.Link{s.link, peer.link} {
		if l.BytesPerSecond > 0 {
			d += time.Duration(bytes) * time.Second / time.Duration(l.BytesPerSecond)
		}
		if l.LossPercent == 0 {
			continue
		}
		for range packetsOfTalk + bytes/packetSize {
			for wait := resendTime; d < syncTimeout && s.pair.rand.IntN(100) < l.LossPercent; wait *= 2 {
				d += wait
			}
		}
	}
	return d
}

// Cut implements [target.NetworkSaboteur].
func (b saboteur) Cut(ctx context.Context, name target.ServerName) (target.Evidence, error) {
	return b.rewire(ctx, name, "cut off the network of replication", func(l *target.Link) { l.Cut = true })
}

// Mend implements [target.NetworkSaboteur].
func (b saboteur) Mend(ctx context.Context, name target.ServerName) (target.Evidence, error) {
	return b.rewire(ctx, name, "put back into the network of replication", func(l *target.Link) { l.Cut = false })
}

// Delay implements [target.NetworkSaboteur].
func (b saboteur) Delay(ctx context.Context, name target.ServerName, d time.Duration) (target.Evidence, error) {
	return b.rewire(ctx, name, fmt.Sprintf("slowed down by %s", d), func(l *target.Link) { l.Delay = d })
}

// Throttle implements [target.NetworkSaboteur].
func (b saboteur) Throttle(ctx context.Context, name target.ServerName, bytesPerSecond int) (target.Evidence, error) {
	return b.rewire(ctx, name, fmt.Sprintf("narrowed to %d bytes a second", bytesPerSecond), func(l *target.Link) { l.BytesPerSecond = bytesPerSecond })
}

// Lose implements [target.NetworkSaboteur].
func (b saboteur) Lose(ctx context.Context, name target.ServerName, percent int) (target.Evidence, error) {
	return b.rewire(ctx, name, fmt.Sprintf("made to lose %d%% of its packets", percent), func(l *target.Link) { l.LossPercent = percent })
}

// Link implements [target.NetworkSaboteur].
func (b saboteur) Link(ctx context.Context, name target.ServerName) (target.Link, error) {
	return b.pair.server(name).link, b.pair.takes(ctx, execTime)
}

func (b saboteur) rewire(ctx context.Context, name target.ServerName, done string, do func(*target.Link)) (target.Evidence, error) {
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
