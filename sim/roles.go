package sim

import (
	"context"
	"fmt"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/canary"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// drainWithin bounds how long the sync log may take to be worked off.
const drainWithin = time.Minute

// Resync implements [target.Operator].
func (o operator) Resync(ctx context.Context, name target.ServerName, accounts []string) error {
	s, master := o.pair.server(name), o.pair.server(name.Other())
	switch {
	case s.role != target.RoleRescued || o.pair.serving == name:
		return fmt.Errorf("resyncing %s: it is the %s; only a rescued server can be emptied", name, s.role)
	case !master.up():
		return fmt.Errorf("resyncing %s: %s, which serves, is down", name, master.name)
	}
	s.kill()
	if !o.pair.planted.Is(canary.OldStateKept) {
		s.disk = newDisk()
	}
	s.role, s.peer, s.link.Cut = target.RoleReplica, nil, false
	if err := o.bringUp(ctx, s); err != nil {
		return err
	}
	master.kill()
	master.peer = s
	if err := o.bringUp(ctx, master); err != nil {
		return err
	}
	for _, account := range accounts {
		if err := master.syncUser(ctx, account); err != nil {
			return fmt.Errorf("resyncing %s: sending %s: %w", name, account, err)
		}
	}
	if err := master.drained(ctx); err != nil {
		return fmt.Errorf("resyncing %s: %w", name, err)
	}
	return nil
}

// syncUser is sync_client -u: it sends all of an account at once, whatever the
// log says.
func (s *server) syncUser(ctx context.Context, account string) error {
	if err := s.pair.takes(ctx, toolTime); err != nil {
		return err
	}
	if s.peer == nil || !s.peer.up() {
		return fmt.Errorf("running sync_client -u %s on %s: no replica answers", account, s.name)
	}
	if err := (&replication{master: s, replica: s.peer}).user(account); err != nil {
		s.logf("sync_client: Error in sync_do_user(%s): bailing out!", account)
		return fmt.Errorf("running sync_client -u %s on %s: %w", account, s.name, err)
	}
	return nil
}

// drained waits until no change waits in the server's sync log.
func (s *server) drained(ctx context.Context) error {
	return target.WaitUntil(ctx, s.pair.world, drainWithin, "the sync log of "+string(s.name)+" to be empty",
		func(context.Context) (bool, string, error) {
			waiting := len(s.disk.log.entries) + len(s.disk.run.entries)
			return waiting == 0, fmt.Sprintf("%d entries", waiting), nil
		})
}

// SwapRoles implements [target.Operator]. Where the log cannot be drained the
// roles stay as they were.
func (o operator) SwapRoles(ctx context.Context) (time.Duration, error) {
	master := o.pair.server(o.pair.serving)
	replica := o.pair.server(master.name.Other())
	fail := func(err error) (time.Duration, error) {
		return 0, fmt.Errorf("swapping the roles of %s and %s: %w", master.name, replica.name, err)
	}
	switch {
	case replica.role != target.RoleReplica:
		return fail(fmt.Errorf("%s is no replica but %s", replica.name, replica.role))
	case !master.up():
		return fail(fmt.Errorf("%s is down", master.name))
	case !replica.up():
		return fail(fmt.Errorf("%s is down", replica.name))
	}
	began := o.pair.now
	if o.pair.planted.Is(canary.SwappedUndrained) {
		master.disk.log, master.disk.run = logFile{}, logFile{}
	}
	if err := o.drain(ctx, master); err != nil {
		return fail(err)
	}
	master.kill()
	replica.kill()
	master.role, master.peer = target.RoleReplica, nil
	replica.role, replica.peer = target.RoleMaster, master
	o.pair.serving = replica.name
	ctx = context.WithoutCancel(ctx) // from here on the new order is brought about
	if err := o.bringUp(ctx, master); err != nil {
		return fail(err)
	}
	if err := o.bringUp(ctx, replica); err != nil {
		return fail(err)
	}
	return o.pair.now.Sub(began), nil
}

// drain lets users out and what they have changed over to the replica. Where
// that fails, users are let in again.
func (o operator) drain(ctx context.Context, master *server) error {
	master.kill()
	master.draining = true
	err := o.bringUp(ctx, master)
	if err == nil {
		err = master.drained(ctx)
	}
	master.draining = false
	if err == nil {
		return nil
	}
	master.kill()
	if back := o.bringUp(context.WithoutCancel(ctx), master); back != nil {
		return fmt.Errorf("%w; and %s cannot be let serve again: %w", err, master.name, back)
	}
	return fmt.Errorf("%w; %s serves as before", err, master.name)
}
