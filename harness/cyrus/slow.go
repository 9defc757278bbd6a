package cyrus

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Delay implements [target.NetworkSaboteur], by a relay between the two.
func (b saboteur) Delay(ctx context.Context, name target.ServerName, d time.Duration) (target.Evidence, error) {
	return b.slow(ctx, name, fmt.Sprintf("slowed down by %s", d), func(l *target.Link) { l.Delay = d })
}

// Throttle implements [target.NetworkSaboteur], by a relay between the two.
func (b saboteur) Throttle(ctx context.Context, name target.ServerName, bytesPerSecond int) (target.Evidence, error) {
	return b.slow(ctx, name, fmt.Sprintf("narrowed to %d bytes a second", bytesPerSecond), func(l *target.Link) { l.BytesPerSecond = bytesPerSecond })
}

// Lose implements [target.NetworkSaboteur]: a relay sees bytes and no packets, and
// the kernel's means for it (netem) is in few kernels.
func (saboteur) Lose(context.Context, target.ServerName, int) (target.Evidence, error) {
	return target.Evidence{}, &target.UnsupportedError{Target: "docker", What: "lost packets"}
}

// Link implements [target.NetworkSaboteur].
func (b saboteur) Link(ctx context.Context, name target.ServerName) (target.Link, error) {
	var link target.Link
	if r := b.pair.relayNow(); r != nil {
		link = r.link(name)
	}
	at, err := b.pair.server(name).addressOf(ctx, replicationNetwork)
	link.Cut = at == "none"
	if err != nil {
		return link, fmt.Errorf("looking at the network of %s: %w", name, err)
	}
	return link, nil
}

// slow changes a server's end of the network, and measures by a greeting of the
// replica's sync_server what comes of it. The relay is there as long as it is of use.
func (b saboteur) slow(ctx context.Context, name target.ServerName, done string, change func(*target.Link)) (target.Evidence, error) {
	fail := func(err error) (target.Evidence, error) {
		return target.Evidence{}, fmt.Errorf("slowing the network of %s: %w", name, err)
	}
	p := b.pair
	before, err := b.Link(ctx, name)
	if err != nil {
		return fail(err)
	}
	r := p.relayNow()
	if r == nil {
		if r, err = p.newRelay(ctx); err != nil {
			return fail(err)
		}
		p.setRelay(r)
	}
	quick, err := r.greeting(ctx)
	if err != nil {
		return fail(err)
	}
	idle := r.set(name, change)
	slow, err := r.greeting(ctx)
	if err != nil {
		return fail(err)
	}
	if err := r.inUse(ctx); err != nil {
		return fail(err)
	}
	if idle {
		if err := p.dropRelay(ctx); err != nil {
			return fail(err)
		}
	}
	after, err := b.Link(ctx, name)
	if err != nil {
		return fail(err)
	}
	return target.Evidence{
		Summary: fmt.Sprintf("%s was %s", name, done),
		Facts: []target.Fact{
			{What: fmt.Sprintf("link of %s to the network of replication", name), Before: before.String(), After: after.String()},
			{What: "time to the greeting of the replica's sync_server", Before: quick.String(), After: slow.String()},
		},
	}, nil
}

// greeting connects as the master does, and measures how long the greeting takes.
func (r *relay) greeting(ctx context.Context) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*callWithin)
	defer cancel()
	began := time.Now()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", r.listener.Addr().String())
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	var said strings.Builder
	buffer := make([]byte, 512)
	for !strings.Contains(said.String(), "\n* OK ") {
		n, err := conn.Read(buffer)
		said.Write(buffer[:n])
		if err == io.EOF && said.Len() > 0 {
			break // it is no greeting, and all that there is
		}
		if err != nil {
			return 0, fmt.Errorf("waiting for the greeting of the replica's sync_server: %w", err)
		}
	}
	return time.Since(began).Round(time.Millisecond), nil
}

// inUse waits until the master's sync_client, where one runs, has come through the
// relay: beside the two connections that measured.
func (r *relay) inUse(ctx context.Context) error {
	return target.WaitUntil(ctx, realTime{}, callWithin, "sync_client to come by the relay", func(ctx context.Context) (bool, string, error) {
		processes, err := r.master.Host().Processes(ctx)
		for _, p := range processes {
			if p.Name == "sync_client" && p.State == target.ProcessRunning {
				return r.clients() > 0, "it does not", err
			}
		}
		return true, "", err
	})
}

// clients counts connections that are open and come from a container.
func (r *relay) clients() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	here, _, _ := net.SplitHostPort(r.listener.Addr().String())
	count := 0
	for c := range r.open {
		from, _, _ := net.SplitHostPort(c.RemoteAddr().String())
		to, _, _ := net.SplitHostPort(c.LocalAddr().String())
		if to == here && from != here {
			count++
		}
	}
	return count
}

func (p *Pair) relayNow() *relay {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.relay
}

func (p *Pair) setRelay(r *relay) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.relay = r
}

// dropRelay takes the relay away, if there is one, and lets the master find its
// replica again where that is.
func (p *Pair) dropRelay(ctx context.Context) error {
	r := p.relayNow()
	if r == nil {
		return nil
	}
	p.setRelay(nil)
	r.close()
	running, err := r.master.running(ctx)
	if err != nil || !running {
		return err
	}
	return r.master.redirect(ctx, "")
}
