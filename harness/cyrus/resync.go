package cyrus

import (
	"context"
	"fmt"
	"time"

	"github.com/moby/moby/client"

	"github.com/cyrdrill/cyrdrill/docker"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

const (
	// drainWithin bounds how long the sync log may take to be worked off.
	drainWithin = time.Minute
	// swapWithin bounds what cannot be stopped halfway: to start both servers in
	// their new roles, or one again in its old one.
	swapWithin = 2*greetWithin + drainWithin
)

// Resync implements [target.Operator]. All data of the rescued server goes, not
// only the accounts': whatever is left of an index, a list or a log could come
// back to life, or block what is sent. Then everything is sent anew.
func (o operator) Resync(ctx context.Context, name target.ServerName, accounts []string) error {
	s, master := o.pair.server(name), o.pair.server(name.Other())
	if err := o.canResync(ctx, s, master); err != nil {
		return fmt.Errorf("resyncing %s: %w", name, err)
	}
	if err := s.reconnect(ctx); err != nil {
		return fmt.Errorf("resyncing %s: %w", name, err)
	}
	if err := s.startAnew(ctx, target.RoleReplica, "", docker.Wipe); err != nil {
		return fmt.Errorf("resyncing %s: emptying it: %w", name, err)
	}
	if err := master.startAnew(ctx, target.RoleMaster, master.peer(), docker.KeepData); err != nil {
		return fmt.Errorf("resyncing %s: letting %s replicate: %w", name, master.name, err)
	}
	for _, account := range append([]string{probe}, accounts...) { // the probe is what tells a readable server
		if _, err := master.tool(ctx, "sync_client", "-u", account); err != nil {
			return fmt.Errorf("resyncing %s: sending %s: %w", name, account, err)
		}
	}
	if err := master.drained(ctx); err != nil {
		return fmt.Errorf("resyncing %s: %w", name, err)
	}
	return nil
}

func (o operator) canResync(ctx context.Context, s, master *server) error {
	if role := s.Role(); role != target.RoleRescued || o.pair.Serving().Name() == s.name {
		return fmt.Errorf("it is the %s; only a rescued server can be emptied", role)
	}
	up, err := master.running(ctx)
	if err == nil && !up {
		return fmt.Errorf("%s, which serves, is down", master.name)
	}
	return err
}

// drained waits until no change waits in the server's sync log.
func (s *server) drained(ctx context.Context) error {
	if _, err := s.pair.engine.ContainerKill(ctx, s.id, client.ContainerKillOptions{Signal: docker.KickSyncClientSignal}); err != nil {
		return fmt.Errorf("letting %s connect to %s: %w", s.name, s.peer(), err)
	}
	return target.WaitUntil(ctx, realTime{}, drainWithin, "the sync log of "+string(s.name)+" to be empty",
		func(ctx context.Context) (bool, string, error) {
			log, err := s.Host().SyncLog(ctx)
			return err == nil && log.Pending() == 0, fmt.Sprintf("%d entries", log.Pending()), err
		})
}

// SwapRoles implements [target.Operator]. Where ctx ends before all is drained,
// the roles stay as they were; later, they are swapped all the same.
func (o operator) SwapRoles(ctx context.Context) (time.Duration, error) {
	master := o.pair.server(o.pair.Serving().Name())
	replica := o.pair.server(master.name.Other())
	if err := canSwap(ctx, master, replica); err != nil {
		return 0, fmt.Errorf("swapping the roles of %s and %s: %w", master.name, replica.name, err)
	}
	// Until all is drained the old order can be had back; from then on the new
	// one is brought about, whoever loses patience.
	finish, cancel := context.WithTimeout(context.WithoutCancel(ctx), swapWithin)
	defer cancel()
	began := time.Now()
	if err := master.drain(ctx); err != nil {
		if back := master.startAnew(finish, target.RoleMaster, master.peer(), docker.KeepData); back != nil {
			return 0, fmt.Errorf("swapping the roles of %s and %s: %w; and %s cannot be let serve again: %w", master.name, replica.name, err, master.name, back)
		}
		return 0, fmt.Errorf("swapping the roles of %s and %s: %w; %s serves as before", master.name, replica.name, err, master.name)
	}
	ctx = finish
	if err := master.startAnew(ctx, target.RoleReplica, "", docker.KeepData); err != nil {
		return 0, fmt.Errorf("swapping the roles of %s and %s: %w", master.name, replica.name, err)
	}
	if err := replica.startAnew(ctx, target.RoleMaster, replica.peer(), docker.KeepData); err != nil {
		return 0, fmt.Errorf("swapping the roles of %s and %s: %w", master.name, replica.name, err)
	}
	o.pair.serve(replica.name)
	return time.Since(began), nil
}

func canSwap(ctx context.Context, master, replica *server) error {
	if role := replica.Role(); role != target.RoleReplica {
		return fmt.Errorf("%s is no replica but %s", replica.name, role)
	}
	for _, s := range []*server{master, replica} {
		up, err := s.running(ctx)
		if err != nil {
			return err
		}
		if !up {
			return fmt.Errorf("%s is down", s.name)
		}
	}
	return nil
}

// drain lets users out and what they have changed over to the replica, to the
// last line of the sync log.
func (s *server) drain(ctx context.Context) error {
	s.setDraining(true)
	defer s.setDraining(false)
	if err := s.startAnew(ctx, target.RoleMaster, s.peer(), docker.KeepData); err != nil {
		return err
	}
	return s.drained(ctx)
}
