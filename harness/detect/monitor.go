package detect

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Monitor asks what an operator's check asks every few minutes: is everybody
// alive, is replication alive, how far behind is each account. Lag is no damage:
// what goes away within [Monitor]'s grace is no finding.
type Monitor struct{}

const (
	// aliveWithin is how long a server may take to let a user in.
	aliveWithin = 5 * time.Second
	syncClient  = "sync_client"
)

// Name implements [Detector].
func (Monitor) Name() string { return "monitor" }

// Doc implements [Detector].
func (Monitor) Doc() string {
	return "asks whether both servers and replication are alive, and how far behind each account is"
}

// Promise implements [Detector].
func (Monitor) Promise() Promise {
	return atOnce(target.ServerDown, target.ServerHung, target.ReplicationStopped, target.ReplicaBehind)
}

// Detect implements [Detector].
func (d Monitor) Detect(ctx context.Context, scene Scene) ([]Finding, error) {
	servers, err := scene.servers()
	if err != nil {
		return nil, err
	}
	m := &monitor{scene: scene}
	well := true
	for _, server := range servers {
		alive, err := m.alive(ctx, server)
		if err != nil {
			return nil, fmt.Errorf("looking whether %s is alive: %w", server.Name(), err)
		}
		well = well && alive
	}
	if well && len(servers) == 2 {
		master, replica := servers[0], servers[1]
		if scene.Master == replica.Name() {
			master, replica = replica, master
		}
		if err := m.replication(ctx, master, replica); err != nil {
			return nil, fmt.Errorf("looking at the replication from %s: %w", master.Name(), err)
		}
	}
	return scene.sign(d.Name(), m.found), nil
}

// monitor is one round of checks.
type monitor struct {
	scene Scene
	found []Finding
}

func (m *monitor) find(kind target.Kind, at target.Place, right target.ServerName, format string, args ...any) {
	m.found = append(m.found, Finding{Kind: kind, Place: at, Right: right, Evidence: fmt.Sprintf(format, args...)})
}

// alive says whether a user is let in, and tells dead from hung: nobody there
// to connect to, or a connection that is never answered.
func (m *monitor) alive(ctx context.Context, server target.Server) (bool, error) {
	asked, cancel := target.Within(ctx, m.scene.Clock, aliveWithin)
	defer cancel()
	session, err := target.LoginToLook(asked, server, m.scene.Accounts[0])
	if err == nil {
		_ = session.Close() // it answered, which is all that was asked
		return true, nil
	}
	var nobody *target.NoInboxError
	if errors.As(err, &nobody) {
		return true, nil // so did it here
	}
	at := target.Place{Server: server.Name()}
	switch {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case errors.Is(err, context.DeadlineExceeded):
		m.find(target.ServerHung, at, "", "it accepts connections, and answers none within %s", aliveWithin)
	case target.OutcomeOf(err) == target.Refused:
		m.find(target.ServerDown, at, "", "no session comes about: %s", err)
	default:
		return false, err
	}
	return false, nil
}

// replication looks at the sync log, at the process that works it off, and at
// what has arrived. It looks again until the grace is over; as long as changes
// wait in the log, the replica cannot be even.
func (m *monitor) replication(ctx context.Context, master, replica target.Server) error {
	watch := progress{master: master, replica: replica, accounts: m.scene.Accounts}
	err := target.WaitUntil(ctx, m.scene.Clock, m.scene.grace(), "the replica to be even", func(ctx context.Context) (bool, string, error) {
		even, err := watch.look(ctx)
		return even, "", err
	})
	var late *target.TimeoutError
	if err != nil && !errors.As(err, &late) {
		return err
	}
	watch.arrived(ctx)
	if err := m.process(ctx, master, watch); err != nil {
		return err
	}
	if err == nil {
		return nil // it was even
	}
	behind, err := m.behind(ctx, &watch)
	if err != nil && len(m.found) > 0 && ctx.Err() == nil {
		return nil // what keeps replication from being compared has been told of
	}
	m.found = append(m.found, behind...)
	return err
}

// patience is how many times the grace a replica may take whose master is seen to send
// batch after batch: a change waits for the batch before it, then for its own.
const patience = 4

// behind tells how far the replica is behind. Where replication moves, it has the time
// to come up to what the master had at the first look.
func (m *monitor) behind(ctx context.Context, watch *progress) (behind []Finding, err error) {
	behind, err = watch.behind(ctx)
	if err != nil || len(behind) == 0 || !watch.moved {
		return behind, err
	}
	err = target.WaitUntil(ctx, m.scene.Clock, (patience-1)*m.scene.grace(), "the replica to come up", func(ctx context.Context) (bool, string, error) {
		behind, err = watch.behind(ctx)
		return err == nil && len(behind) == 0, "", err
	})
	var late *target.TimeoutError
	if errors.As(err, &late) {
		err = nil
	}
	return behind, err
}

// process looks at sync_client: not there, stopped, or there and doing nothing.
func (m *monitor) process(ctx context.Context, master target.Server, watch progress) error {
	log := watch.log
	processes, err := master.Host().Processes(ctx)
	if unsupported := (*target.UnsupportedError)(nil); errors.As(err, &unsupported) {
		return nil // nobody may see it, and what lags tells of it
	}
	if err != nil {
		return err
	}
	at := target.Place{Server: master.Name()}
	for _, p := range processes {
		switch {
		case p.Name != syncClient:
		case p.State != target.ProcessRunning:
			m.find(target.ReplicationStopped, at, "", "sync_client (pid %d) is %s; %d entries wait in the sync log", p.PID, p.State, log.Pending())
			return nil
		case log.Pending() > 0 && !watch.moved:
			m.find(target.ReplicationStopped, at, "", "sync_client (pid %d) runs, and the same %d entries still wait after %s", p.PID, log.Pending(), m.scene.grace())
			return nil
		default:
			return nil
		}
	}
	gaveUp, err := m.gaveUp(ctx, master)
	if err != nil {
		return err
	}
	m.find(target.ReplicationStopped, at, "", "no sync_client runs%s; %d entries wait in the sync log", gaveUp, log.Pending())
	return nil
}

// gaveUp says whether the master process has said that it starts sync_client no
// more.
func (m *monitor) gaveUp(ctx context.Context, master target.Server) (string, error) {
	text, err := master.Host().Syslog(ctx)
	if unsupported := (*target.UnsupportedError)(nil); errors.As(err, &unsupported) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, "syncclient") && strings.Contains(line, "disabling until next SIGHUP") {
			return ", and the master process has given up on it", nil
		}
	}
	return "", nil
}
