package fault_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/cyrus/cyrustest"
	"github.com/cyrdrill/cyrdrill/harness/fault"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

// injected is a fault that is done to a pair whose accounts have three messages each,
// all of them replicated.
type injected struct {
	fault fault.Fault
	on    target.ServerName // empty: imap1
	spec  target.Spec       // what the pair needs
	// damage is what is wrong right afterwards, as "kind server account mailbox UID".
	damage []string
	// some: there is more damage, which is chance.
	some bool
	// heal does what heals it; nil: it heals by itself.
	heal func(ctx context.Context, p target.Pair) error
	// stays: nothing heals it.
	stays bool
	// simAlone: real pairs cannot do it, and say so.
	simAlone bool
}

func as[T any](p target.Pair) T {
	if s, ok := p.Saboteur().(T); ok {
		return s
	}
	return p.Operator().(T)
}

func landed(_ target.Evidence, err error) error { return err }

func start(ctx context.Context, p target.Pair) error { return p.Operator().Start(ctx, target.Imap1) }

func reload(ctx context.Context, p target.Pair) error {
	return as[target.LogOperator](p).Reload(ctx, target.Imap1)
}

func queue(ctx context.Context, p target.Pair) error {
	for _, account := range accounts {
		if err := as[target.LogOperator](p).QueueUser(ctx, target.Imap1, account); err != nil {
			return err
		}
	}
	return nil
}

func reconstruct(ctx context.Context, p target.Pair) error {
	_, err := p.Operator().Reconstruct(ctx, target.Imap1, "alice", "INBOX")
	return err
}

func mend(ctx context.Context, p target.Pair) error {
	return landed(as[target.NetworkSaboteur](p).Mend(ctx, target.Imap2))
}

// injections are the faults of replication, hosts and people.
var injections = []injected{
	{fault: fault.ReplicationStopped{}, damage: []string{"replication-stopped imap1"}, heal: func(ctx context.Context, p target.Pair) error {
		return landed(p.Saboteur().Resume(ctx, target.Imap1, "sync_client"))
	}},
	{fault: fault.ReplicationLost{}, damage: []string{"replication-stopped imap1"}, heal: reload},
	{fault: fault.SyncClientKilled{}, damage: []string{"process-crashed imap1"}, stays: true},
	{fault: fault.SyncClientGivenUp{}, damage: []string{"replication-stopped imap1", "process-crashed imap1"}, heal: reload},
	{fault: fault.SyncLogTruncated{}, damage: []string{"message-missing imap2 bob INBOX 4"}, heal: queue},
	{fault: fault.SyncLogForeignLine{}},
	{fault: fault.ChannelStuck{}, damage: []string{"replication-stopped imap1", "mailbox-unreadable imap1 alice INBOX"}, heal: reconstruct},
	{fault: fault.ReplicaLagging{}, some: true},
	{fault: fault.NetworkCut{}, on: target.Imap2, damage: []string{"replication-stopped imap1"}, heal: mend},
	{fault: fault.NetworkSlow{}, on: target.Imap2, heal: func(ctx context.Context, p target.Pair) error {
		return landed(as[target.NetworkSaboteur](p).Delay(ctx, target.Imap2, 0))
	}},
	{fault: fault.NetworkNarrow{}, on: target.Imap2, heal: func(ctx context.Context, p target.Pair) error {
		return landed(as[target.NetworkSaboteur](p).Throttle(ctx, target.Imap2, 0))
	}},
	{fault: fault.NetworkLossy{}, on: target.Imap2, simAlone: true, heal: func(ctx context.Context, p target.Pair) error {
		return landed(as[target.NetworkSaboteur](p).Lose(ctx, target.Imap2, 0))
	}},
	{fault: fault.SyncPortGarbled{}, on: target.Imap2, damage: []string{"replication-stopped imap1"}, heal: func(ctx context.Context, p target.Pair) error {
		return landed(as[target.PortSaboteur](p).Ungarble(ctx, target.Imap2))
	}},
	{fault: fault.ProcessKilled{}, damage: []string{"server-down imap1"}, heal: start},
	{fault: fault.ServerHung{}, damage: []string{"server-hung imap1"}, heal: func(ctx context.Context, p target.Pair) error {
		return landed(as[target.ServerHanger](p).Unhang(ctx, target.Imap1))
	}},
	{fault: fault.ServerStopped{}, damage: []string{"server-down imap1"}, heal: start},
	{fault: fault.ServerRestarted{}, damage: []string{"server-down imap1"}},
	{fault: fault.DiskFull{}, spec: target.Spec{SmallDisk: true}, damage: []string{"disk-full imap1"}, heal: func(ctx context.Context, p target.Pair) error {
		return landed(as[target.DiskSaboteur](p).Free(ctx, target.Imap1))
	}},
	{fault: fault.DiskReadOnly{}, damage: []string{"disk-read-only imap1"}, heal: func(ctx context.Context, p target.Pair) error {
		return landed(as[target.MountSaboteur](p).Unprotect(ctx, target.Imap1))
	}},
	{fault: fault.ClockAhead{}, spec: target.Spec{MovingClock: true}, damage: []string{"clock-wrong imap1"}, heal: func(ctx context.Context, p target.Pair) error {
		return landed(as[target.ClockSaboteur](p).Jump(ctx, target.Imap1, -time.Hour))
	}},
	{fault: fault.ClockBehind{}, spec: target.Spec{MovingClock: true}, damage: []string{"clock-wrong imap1"}, heal: func(ctx context.Context, p target.Pair) error {
		return landed(as[target.ClockSaboteur](p).Jump(ctx, target.Imap1, time.Hour))
	}},
	{fault: fault.OutOfMemory{}, damage: []string{"process-crashed imap1"}, stays: true},
	{fault: fault.KilledAmidAppends{}, damage: []string{"server-down imap1"}, heal: start},
	{fault: fault.KilledAmidSync{}, damage: []string{"server-down imap1"}, some: true, heal: start},
	{
		fault: fault.KilledAmidReconstruct{}, damage: []string{"server-down imap1", "mailbox-unreadable imap1 alice INBOX"},
		heal: func(ctx context.Context, p target.Pair) error {
			if err := start(ctx, p); err != nil {
				return err
			}
			return reconstruct(ctx, p)
		},
	},
	{fault: fault.PowerLost{}, damage: []string{"server-down imap1"}, heal: start, simAlone: true},
	{
		fault: fault.SplitBrain{}, on: target.Imap2, heal: mend,
		damage: []string{"replication-stopped imap1", "guid-differs imap2 alice INBOX 4", "guid-differs imap2 bob INBOX 4"},
	},
	{
		fault: fault.HastyFailover{}, damage: []string{
			"server-down imap1", "message-missing imap2 alice INBOX 4", "message-missing imap2 bob INBOX 4",
		},
		heal: copyLost,
	},
	{fault: fault.SyncResetWrongSide{}, damage: []string{"account-missing imap1 alice", "account-missing imap2 alice"}, stays: true},
	{fault: fault.ReconstructWrongSide{}, damage: []string{"message-lost imap2 alice INBOX 1", "message-lost imap1 alice INBOX 1"}, stays: true},
	{fault: fault.OldBackupRestored{}, damage: []string{"message-missing imap1 alice INBOX 4"}, heal: queue},
	{fault: fault.TwoRestores{}, damage: []string{"message-doubled imap1 alice INBOX 5"}, heal: func(ctx context.Context, p target.Pair) error {
		session, err := p.Serving().User().Login(ctx, "alice")
		if err != nil {
			return err
		}
		defer session.Close() // what matters has been answered
		return session.Expunge(ctx, "INBOX", []uint32{5})
	}},
}

// copyLost brings what the dead master alone has to the new one.
func copyLost(ctx context.Context, p target.Pair) error {
	if err := p.Operator().Rescue(ctx, target.Imap1); err != nil {
		return err
	}
	for _, account := range accounts {
		from, err := p.Server(target.Imap1).User().Login(ctx, account)
		if err != nil {
			return err
		}
		defer from.Close() // it was only read from
		to, err := p.Serving().User().Login(ctx, account)
		if err != nil {
			return err
		}
		defer to.Close() // what matters has been answered
		err = from.Bodies(ctx, "INBOX", []uint32{4}, func(_ uint32, body []byte) error {
			_, _, err := to.Append(ctx, "INBOX", target.AppendMessage{Body: slices.Clone(body)})
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// prepare gives each account three messages, and waits until all are replicated.
func prepare(t *testing.T, p target.Pair) {
	t.Helper()
	for _, account := range accounts {
		for i := range 3 {
			if err := p.Serving().User().Deliver(t.Context(), account, fmt.Appendf(nil, "Subject: %d\r\n\r\nNumber %d of %s.\r\n", i, i, account)); err != nil {
				t.Fatal(err)
			}
		}
	}
	err := target.WaitUntil(t.Context(), p.Clock(), 30*time.Second, "replication", func(ctx context.Context) (bool, string, error) {
		log, err := p.Server(target.Imap1).Host().SyncLog(ctx)
		if err != nil || log.Pending() > 0 {
			return false, fmt.Sprint(log.Pending()), err
		}
		for _, account := range accounts {
			m, err := p.Server(target.Imap2).Index().Mailbox(ctx, account, "INBOX")
			if err != nil || m.LastUID < 3 {
				return false, fmt.Sprintf("UID %d of %s", m.LastUID, account), err
			}
		}
		return true, "", nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// key writes damage as tables do.
func key(d fault.Damage) string {
	uid := ""
	if d.UID > 0 {
		uid = fmt.Sprint(d.UID)
	}
	return strings.Join(strings.Fields(fmt.Sprintf("%s %s %s %s %s", d.Kind, d.Server, d.Account, d.Mailbox, uid)), " ")
}

// check injects a fault into a pair that has been prepared, and holds what it tells
// against what it has to.
func (i injected) check(t *testing.T, p target.Pair) {
	t.Helper()
	on := i.on
	if on == "" {
		on = target.Imap1
	}
	scene := fault.Scene{Pair: p, On: on, Accounts: accounts, Mailboxes: []fault.ChosenMailbox{{Account: "alice", Mailbox: "INBOX"}}}
	instance, err := i.fault.Inject(t.Context(), scene)
	var unsupported *target.UnsupportedError
	if i.simAlone && p.Version() != sim.New().Name() && errors.As(err, &unsupported) {
		t.Skipf("not on this target: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	report := look(t, instance)
	t.Logf("evidence: %s; %v", report.Evidence.Summary, report.Evidence.Facts)
	if !report.Evidence.Landed() {
		t.Errorf("no evidence that it landed: %+v", report.Evidence)
	}
	i.wantDamage(t, report)
	if i.stays || i.heal != nil {
		if report.State != fault.Live {
			t.Errorf("right after it the damage is %s", report.State)
		}
	}
	if i.heal != nil {
		if err := i.heal(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	i.wantHealed(t, p, instance)
}

func (i injected) wantDamage(t *testing.T, report fault.Report) {
	t.Helper()
	got := []string{}
	for _, d := range report.Damage {
		got = append(got, key(d))
	}
	if i.some {
		for _, want := range i.damage {
			if !slices.Contains(got, want) {
				t.Errorf("damage %s is missing among %v", want, got)
			}
		}
		return
	}
	if diff := cmp.Diff(append([]string{}, i.damage...), got); diff != "" {
		t.Errorf("damage (-want +got):\n%s", diff)
	}
}

func (i injected) wantHealed(t *testing.T, p target.Pair, instance fault.Instance) {
	t.Helper()
	within := 60 * time.Second
	if i.stays {
		within = 3 * time.Second
	}
	err := target.WaitUntil(t.Context(), p.Clock(), within, "the damage to heal", func(ctx context.Context) (bool, string, error) {
		report, err := instance.Look(ctx)
		return report.State == fault.Healed, fmt.Sprintf("%s: %v", report.State, report.Damage), err
	})
	var late *target.TimeoutError
	switch {
	case i.stays && err == nil:
		t.Error("it is called healed, and nobody has done anything")
	case i.stays && errors.As(err, &late):
	case err != nil:
		t.Error(err)
	}
}

func TestHostFaultsOnTheModel(t *testing.T) {
	for _, i := range injections {
		t.Run(i.fault.Name(), func(t *testing.T) {
			spec := i.spec
			spec.Seed, spec.Accounts = 1, accounts
			p, err := sim.New().NewPair(t.Context(), spec)
			if err != nil {
				t.Fatal(err)
			}
			prepare(t, p)
			i.check(t, p)
		})
	}
}

// The same on real servers: one pair for all faults that need the same of it.
func TestHostFaultsOnRealServers(t *testing.T) {
	needEveryFault(t)
	for _, spec := range []target.Spec{{}, {MovingClock: true}, {SmallDisk: true}} {
		spec.Accounts = accounts
		t.Run(fmt.Sprintf("moving clock %v, small disk %v", spec.MovingClock, spec.SmallDisk), func(t *testing.T) {
			p := cyrustest.Pair(t, spec)
			for _, i := range injections {
				if i.spec.MovingClock != spec.MovingClock || i.spec.SmallDisk != spec.SmallDisk {
					continue
				}
				t.Run(i.fault.Name(), func(t *testing.T) {
					if err := p.Reset(t.Context(), accounts); err != nil {
						t.Fatal(err)
					}
					prepare(t, p)
					i.check(t, p)
				})
			}
		})
	}
}
