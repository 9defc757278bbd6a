package cyrus

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go/network"

	"github.com/cyrdrill/cyrdrill/docker"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/view"
)

// The two networks of a pair.
const (
	replicationNetwork = "replication"
	observersNetwork   = "observers"
)

// probe is an account that no plan can name. Its mail proves that changes
// cross, and plays no other part.
const probe = "0probe"

// Pair is two real servers.
type Pair struct {
	engine   *engine
	name     string
	suite    string
	version  string
	interval time.Duration
	keep     bool
	moving   bool // the servers' clocks can be moved
	// smallDisk: mail is kept in memory, and little of it.
	smallDisk bool
	networks  map[string]string // names, by kind
	servers   [2]*server

	mu       sync.Mutex // also of what its servers have
	serving  target.ServerName
	advanced time.Duration // what was let pass on both servers at once
	relay    *relay        // nil: the two speak directly
}

var _ target.Pair = (*Pair)(nil)

func newPair(e *engine, name, suite, version string, interval time.Duration) *Pair {
	p := &Pair{
		engine: e, name: name, suite: suite, version: version, interval: interval,
		networks: map[string]string{}, serving: target.Imap1,
	}
	p.servers = [2]*server{newServer(p, target.Imap1, target.RoleMaster), newServer(p, target.Imap2, target.RoleReplica)}
	return p
}

// labels are what everything of the pair carries.
func (p *Pair) labels() map[string]string {
	labels := map[string]string{labelPair: p.name, labelSuite: p.suite, labelInterval: p.interval.String()}
	if p.keep {
		labels[labelKeep] = p.name
	}
	return labels
}

func (p *Pair) makeNetworks(ctx context.Context) error {
	var mu sync.Mutex
	making := func(kind string, options ...network.NetworkCustomizer) func(context.Context) error {
		return func(ctx context.Context) error {
			labels := p.labels()
			labels[labelNetwork] = kind
			made, err := network.New(ctx, append(options, network.WithLabels(labels))...)
			if err != nil {
				return fmt.Errorf("making the network of %s: %w", kind, err)
			}
			mu.Lock()
			defer mu.Unlock()
			p.networks[kind] = made.Name
			return nil
		}
	}
	return realTime{}.Run(ctx, making(replicationNetwork, network.WithInternal()), making(observersNetwork))
}

// both does something to both servers side by side.
func (p *Pair) both(ctx context.Context, do func(context.Context, *server) error) error {
	tasks := make([]func(context.Context) error, len(p.servers))
	for i, s := range p.servers {
		tasks[i] = func(ctx context.Context) error { return do(ctx, s) }
	}
	return realTime{}.Run(ctx, tasks...)
}

// Name returns the pair's name, by which a kept one is found again.
func (p *Pair) Name() string { return p.name }

// Version implements [target.Pair].
func (p *Pair) Version() string { return p.version }

// Servers implements [target.Pair].
func (p *Pair) Servers() [2]target.Server { return [2]target.Server{p.servers[0], p.servers[1]} }

// Server implements [target.Pair].
func (p *Pair) Server(name target.ServerName) target.Server { return p.server(name) }

func (p *Pair) server(name target.ServerName) *server {
	if name == target.Imap1 {
		return p.servers[0]
	}
	return p.servers[1]
}

// Role implements [target.Pair].
func (p *Pair) Role(name target.ServerName) target.Role { return p.server(name).Role() }

// Serving implements [target.Pair].
func (p *Pair) Serving() target.Server {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.server(p.serving)
}

func (p *Pair) serve(name target.ServerName) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.serving = name
}

// Clock implements [target.Pair].
func (p *Pair) Clock() target.Clock { return movedClock{pair: p} }

// Executor implements [target.Pair].
func (*Pair) Executor() target.Executor { return realTime{} }

// Operator implements [target.Pair].
func (p *Pair) Operator() target.Operator { return operator{p} }

// Saboteur implements [target.Pair].
func (p *Pair) Saboteur() target.Saboteur { return saboteur{p} }

// populate makes the accounts on the master and waits until both servers have
// them and a message has crossed.
func (p *Pair) populate(ctx context.Context, accounts []string) error {
	master, replica := p.servers[0], p.servers[1]
	// Both were started side by side, so the master may have tried before the
	// replica listened, and would wait a second before it tries again.
	if _, err := p.engine.ContainerKill(ctx, master.id, client.ContainerKillOptions{Signal: docker.KickSyncClientSignal}); err != nil {
		return fmt.Errorf("letting %s connect to %s: %w", master.name, replica.name, err)
	}
	if err := master.view.Admin().CreateAccounts(ctx, append([]string{probe}, accounts...)...); err != nil {
		return err
	}
	if err := master.User().Deliver(ctx, probe, []byte("Subject: probe\r\n\r\nAcross.\r\n")); err != nil {
		return fmt.Errorf("delivering the probe on %s: %w", master.name, err)
	}
	return p.awaitPopulated(ctx, accounts)
}

// receive gives a pair that was reset without accounts these, and waits until both servers
// have them.
func (p *Pair) receive(ctx context.Context, accounts []string) error {
	if len(accounts) == 0 {
		return nil
	}
	if err := p.servers[0].view.Admin().CreateAccounts(ctx, accounts...); err != nil {
		return err
	}
	return p.awaitPopulated(ctx, accounts)
}

func (p *Pair) awaitPopulated(ctx context.Context, accounts []string) error {
	replica := p.servers[1]
	return target.WaitUntil(ctx, realTime{}, readyWithin, "the probe message and the accounts to reach "+string(replica.name),
		func(ctx context.Context) (bool, string, error) { return p.populated(ctx, replica, accounts) })
}

// populated says whether the replica has all accounts and the probe's message.
func (p *Pair) populated(ctx context.Context, replica *server, accounts []string) (bool, string, error) {
	crossed, err := replica.Index().Mailboxes(ctx, probe)
	if err != nil {
		return false, "", err
	}
	if len(crossed) == 0 || crossed[0].LastUID == 0 {
		return false, "no probe message", nil
	}
	for _, account := range accounts {
		found, err := replica.Index().Mailboxes(ctx, account)
		if err != nil {
			return false, "", err
		}
		if len(found) == 0 {
			return false, "no account " + account, nil
		}
	}
	return true, "", nil
}

// Close implements [target.Pair]. It can be called again.
func (p *Pair) Close(ctx context.Context) error {
	errs := []error{}
	if r := p.relayNow(); r != nil {
		r.close()
	}
	for _, s := range p.servers {
		errs = append(errs, s.view.Close())
		s.lookout.close()
	}
	if !p.keep {
		ctx, cancel := context.WithTimeout(ctx, removeWithin)
		defer cancel()
		_, err := p.engine.remove(ctx, client.Filters{}.Add("label", labelPair+"="+p.name))
		errs = append(errs, err)
	}
	return errors.Join(append(errs, p.engine.Close())...)
}

// remove removes the containers and networks that a filter finds and returns
// how many they were.
func (e *engine) remove(ctx context.Context, which client.Filters) (int, error) {
	containers, err := e.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: which})
	if err != nil {
		return 0, fmt.Errorf("looking for containers to remove: %w", err)
	}
	tasks := make([]func(context.Context) error, len(containers.Items))
	for i, c := range containers.Items {
		tasks[i] = func(context.Context) error {
			_, err := e.ContainerRemove(ctx, c.ID, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
			return ignoreGone(err)
		}
	}
	err = realTime{}.Run(ctx, tasks...)
	networks, listErr := e.NetworkList(ctx, client.NetworkListOptions{Filters: which})
	errs := []error{err, listErr}
	for _, n := range networks.Items {
		_, err := e.NetworkRemove(ctx, n.ID, client.NetworkRemoveOptions{})
		errs = append(errs, ignoreGone(err))
	}
	return len(containers.Items) + len(networks.Items), errors.Join(errs...)
}

// ignoreGone passes over what somebody else, the reaper say, has removed or is
// removing.
func ignoreGone(err error) error {
	if errdefs.IsNotFound(err) || errdefs.IsConflict(err) {
		return nil
	}
	return err
}

var _ view.Dialer = (*server)(nil)
