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
	// monitorGrace is how long a change may take to be replicated.
	monitorGrace = 3 * time.Second
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
	var log target.SyncLog
	var behind map[string]Finding
	compared := false
	err := target.WaitUntil(ctx, m.scene.Clock, monitorGrace, "the replica to be even", func(ctx context.Context) (even bool, seen string, err error) {
		if log, err = master.Host().SyncLog(ctx); err != nil {
			return false, "", err
		}
		if compared = log.Pending() == 0; !compared {
			return false, "", nil
		}
		behind, err = m.behind(ctx, master, replica)
		return err == nil && len(behind) == 0, "", err
	})
	var late *target.TimeoutError
	if err != nil && !errors.As(err, &late) {
		return err
	}
	if err := m.process(ctx, master, log); err != nil {
		return err
	}
	if !compared {
		behind, err = m.behind(ctx, master, replica)
		if err != nil && len(m.found) > 0 && ctx.Err() == nil {
			return nil // what keeps replication from being compared has been told of
		}
		if err != nil {
			return err
		}
	}
	for _, account := range m.scene.Accounts {
		if finding, ok := behind[account]; ok {
			m.found = append(m.found, finding)
		}
	}
	return nil
}

// process looks at sync_client: not there, stopped, or there and doing nothing.
func (m *monitor) process(ctx context.Context, master target.Server, log target.SyncLog) error {
	processes, err := master.Host().Processes(ctx)
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
		case log.Pending() > 0:
			m.find(target.ReplicationStopped, at, "", "sync_client (pid %d) runs, and %d entries still wait after %s", p.PID, log.Pending(), monitorGrace)
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

// behind tells by account how far the replica is behind, by the indexes'
// counters alone. An account whose index a server cannot read is told of as well.
func (m *monitor) behind(ctx context.Context, master, replica target.Server) (map[string]Finding, error) {
	behind := map[string]Finding{}
	for _, account := range m.scene.Accounts {
		var sides [2][]target.Mailbox
		for i, server := range []target.Server{master, replica} {
			mailboxes, err := server.Index().Mailboxes(ctx, account)
			if unread, refused := unreadableIndex(server, account, err); refused {
				behind[account] = unread
			} else if err != nil {
				return nil, err
			}
			sides[i] = mailboxes
		}
		how := lag(sides[0], sides[1])
		if _, told := behind[account]; !told && how != "" {
			behind[account] = Finding{
				Kind: target.ReplicaBehind, Place: target.Place{Server: replica.Name(), Account: account}, Right: master.Name(), Evidence: how,
			}
		}
	}
	return behind, nil
}

// unreadableIndex makes a finding of a server's no to a look at an account's
// index: one damaged record is enough for it to die of each such look.
func unreadableIndex(server target.Server, account string, err error) (Finding, bool) {
	var nobody *target.UnreachableError
	if err == nil || target.OutcomeOf(err) != target.Refused || errors.As(err, &nobody) {
		return Finding{}, false
	}
	return Finding{
		Kind: target.MailboxUnreadable, Place: target.Place{Server: server.Name(), Account: account},
		Evidence: fmt.Sprintf("its index cannot be read: %s", err),
	}, true
}

// lag says how far one account's copy is behind; empty: not at all.
func lag(here, there []target.Mailbox) string {
	copies := map[string]target.Mailbox{}
	for _, m := range there {
		copies[m.UniqueID] = m
	}
	mailboxes, messages := 0, uint32(0)
	for _, m := range here {
		c, ok := copies[m.UniqueID]
		if !ok || c.HighestModSeq < m.HighestModSeq || c.LastUID < m.LastUID || c.Name != m.Name {
			mailboxes++
			messages += m.LastUID - min(c.LastUID, m.LastUID)
		}
	}
	if mailboxes == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d mailboxes are behind, by %d messages", mailboxes, len(here), messages)
}
