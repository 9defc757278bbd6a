package scenarios_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/fault"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// where says on which server a fault is injected, and what that server has then.
type where string

const (
	onMaster  where = "master"  // all is replicated, and users go on working
	onReplica where = "replica" // replication has stopped before, where the fault lets it
	// onlyCopy: on the master, when nothing that it has was ever replicated.
	onlyCopy where = "only copy"
)

// trial is a fault on one of the servers, in a drill that ends with everything restored.
type trial struct {
	fault fault.Fault
	where where
}

func (t trial) String() string { return fmt.Sprintf("%s, %s", t.fault.Name(), t.where) }

// trials are all that make sense.
func trials() (all []trial) {
	for _, f := range fault.All() {
		e := f.Effects()
		masters := (e.StopsReplication || e.NeedsReplication) && !e.EitherSide
		if !e.ReplicaOnly {
			all = append(all, trial{f, onMaster})
		}
		if !masters {
			all = append(all, trial{f, onReplica})
		}
		if destroysCopies(e) && !e.NeedsReplication {
			all = append(all, trial{f, onlyCopy})
		}
	}
	return all
}

// destroysCopies: what such a fault hurts is mail, or what leads to it.
func destroysCopies(e fault.Effects) bool {
	return e.HurtsMailboxes && (e.Breaks == fault.Message || e.Breaks == fault.Index) && !e.StopsReplication
}

// amid is what happens amid the restore.
type amid string

const (
	nothingAmid amid = ""
	killedAmid  amid = ", kills: 3"
	rivalAmid   amid = ", rivals: 2"
	outageAmid  amid = ", outages: 1"
	allAmid     amid = ", kills: 1, rivals: 1, outages: 1"
)

// allProperties are what is judged at the end of each.
const allProperties = "[no-loss, no-resurrection, no-doubles, state-kept, rules-current, imap-promises, access, restore-repeatable, convergence, isolation, looking-changes-nothing]"

// plan returns the drill, and at which of its steps somebody mends by hand what no
// restore can.
func (t trial) plan(seed uint64, what amid) (p *plan.Plan, mendAt int, err error) {
	var steps []string
	step := func(format string, args ...any) { steps = append(steps, fmt.Sprintf(format, args...)) }
	e := t.fault.Effects()
	t.before(step, e)
	step("fault: {name: %s, on: %s}", t.fault.Name(), t.server())
	mendAt = len(steps) + 1
	if _, low := t.fault.(fault.LastUIDLow); low && t.where == onReplica {
		step("detect: {detector: status-compare, sides: pair}")
	}
	if t.where == onMaster && !e.Promotes {
		step("work: {operations: 4}")
	}
	if !e.Promotes {
		switch {
		case t.fault.Name() == (fault.ProcessKilled{}).Name() && t.where == onReplica:
			step("fault: {name: server-stopped, on: master}")
		case !e.KillsServer || t.where == onReplica:
			step("fault: {name: process-killed, on: master}")
		}
		step("freeze")
		step("promote")
	}
	for _, s := range []string{
		"detect: {detector: access, sides: serving}",
		"restore: {restorer: rebuild-mailboxes}",
		"work: {operations: 3, only: [deliver, append, flag, expunge, move, copy]}",
		"rescue",
		"detect: {detector: index-compare, sides: freeze}",
		"detect: {detector: client-caches, sides: freeze}",
		"detect: {detector: script-compare, sides: rescued}",
		"detect: {detector: body-compare, sides: rescued}",
		"detect: {detector: spool-check, sides: rescued}",
		"restore: {restorer: restore-everything" + string(what) + "}",
		"resync",
		"deliver: {count: 1}",
		"wait: {until: replicated, within: 60s}",
	} {
		if _, slow := t.fault.(fault.NetworkNarrow); slow && s == "resync" {
			mendAt = len(steps) + 1
		}
		step("%s", s)
	}
	text := fmt.Sprintf("apiVersion: cyrdrill/v1\nname: every-fault\ntitle: %s\nseed: %d\naccounts: [alice, bob, carol]\nsteps:\n  - %s\nexpect:\n  properties: %s\n",
		t.fault.Name(), seed, strings.Join(steps, "\n  - "), allProperties)
	p, err = plan.Parse("every-fault.yaml", []byte(text), t.names())
	return p, mendAt, err
}

// imap is the server that is hurt.
func (t trial) imap() target.ServerName {
	if t.where == onReplica {
		return target.Imap2
	}
	return target.Imap1
}

func (t trial) server() string {
	if t.where == onReplica {
		return string(onReplica)
	}
	return string(onMaster)
}

// before is what has happened until something breaks.
func (t trial) before(step func(string, ...any), e fault.Effects) {
	if t.where == onlyCopy {
		step("rules")
		step("wait: {until: replicated, within: 30s}")
		step("fault: {name: replication-stopped, on: master}")
		step("deliver: {count: 3}")
		step("work: {operations: 8}")
		return
	}
	step("seed: {mailboxes: 6, messages: 40}")
	step("rules")
	step("work: {operations: 6, only: [setacl, setannotation, subscribe, setquota]}")
	step("work: {operations: 8}")
	step("wait: {until: replicated, within: 30s}")
	if t.where == onReplica && !e.NeedsReplication && !e.StopsReplication && !e.ReplicaOnly {
		step("fault: {name: replication-stopped, on: master}")
		step("work: {operations: 4}")
	}
}

// names are what plans may name. A replica that is killed is started again at the next
// step, which a plan cannot say.
func (t trial) names() plan.Names {
	names := drill.Names()
	names.Faults = slices.Clone(names.Faults)
	for i, f := range names.Faults {
		if f.Name == t.fault.Name() && t.where == onReplica {
			names.Faults[i].KillsServer = false
		}
	}
	return names
}

// mends says whether it takes a hand at the machine, or at the network.
func (t trial) mends() bool { return t.mend() != nil }

// mend is what an operator does about the replica before he promotes it, or about the
// network before he replicates again; nil: nothing.
func (t trial) mend() func(context.Context, target.Pair) error {
	e := t.fault.Effects()
	hands := func(p target.Pair) target.Saboteur { return p.Saboteur() } // what has been broken by hand is mended by the same
	landed := func(_ target.Evidence, err error) error { return err }
	if _, narrow := t.fault.(fault.NetworkNarrow); narrow {
		return func(ctx context.Context, p target.Pair) error {
			return landed(hands(p).(target.NetworkSaboteur).Throttle(ctx, t.imap(), 0))
		}
	}
	if t.where != onReplica {
		return nil
	}
	switch t.fault.(type) {
	case fault.NetworkCut, fault.SplitBrain:
		return func(ctx context.Context, p target.Pair) error {
			return landed(hands(p).(target.NetworkSaboteur).Mend(ctx, target.Imap2))
		}
	case fault.SeenTruncated:
		return removeSeen
	case fault.SyncPortGarbled:
		return func(ctx context.Context, p target.Pair) error {
			return landed(hands(p).(target.PortSaboteur).Ungarble(ctx, target.Imap2))
		}
	case fault.ServerHung:
		return func(ctx context.Context, p target.Pair) error {
			return landed(hands(p).(target.ServerHanger).Unhang(ctx, target.Imap2))
		}
	case fault.DiskFull:
		return func(ctx context.Context, p target.Pair) error {
			return landed(hands(p).(target.DiskSaboteur).Free(ctx, target.Imap2))
		}
	case fault.DiskReadOnly:
		return func(ctx context.Context, p target.Pair) error {
			return landed(hands(p).(target.MountSaboteur).Unprotect(ctx, target.Imap2))
		}
	}
	if e.KillsServer {
		return func(ctx context.Context, p target.Pair) error { return p.Operator().Start(ctx, target.Imap2) }
	}
	return nil
}

// removeSeen removes what accounts have seen of others' mail, where there is such.
func removeSeen(ctx context.Context, p target.Pair) error {
	var errs []error
	for _, account := range everyAccount {
		if _, err := p.Saboteur().(target.StateSaboteur).SpoilSeen(ctx, target.Imap2, account, target.Removed); err != nil {
			errs = append(errs, err)
		}
	}
	if len(errs) == len(everyAccount) {
		return errors.Join(errs...)
	}
	return nil
}
