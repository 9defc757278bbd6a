package drill

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/fault"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// errNotLanded says that a fault left no evidence, so that the drill would
// test nothing.
var errNotLanded = errors.New("the fault did not land: nothing changed that could be measured")

func (r *run) inject(ctx context.Context, step plan.Fault) (string, error) {
	name := step.Draw(r.chance.IntN)
	catalogued, ok := fault.ByName(name)
	if !ok {
		return "", fmt.Errorf("no such fault: %q", name)
	}
	if len(step.Any) > 0 {
		r.note("of %d faults %s was drawn", len(step.Any), name)
	}
	on, err := r.server(step.On)
	if err != nil {
		return "", err
	}
	r.lookAtFaults(ctx)
	behind := r.behind(ctx, catalogued, on)
	scene, err := r.sceneFor(ctx, catalogued, on, step)
	if err != nil {
		return "", err
	}
	killsMaster := catalogued.Effects().KillsServer && r.pair.Role(on.Name()) == target.RoleMaster
	serving := r.pair.Serving().Name()
	instance, err := catalogued.Inject(ctx, scene)
	if err == nil && killsMaster {
		r.diedAt, r.outages = r.pair.Clock().Now(), map[string]time.Duration{}
	}
	if err != nil {
		return "", err
	}
	if r.pair.Serving().Name() != serving {
		r.oldMaster = serving
		r.measureOutage(ctx)
	}
	report, err := instance.Look(ctx)
	if err != nil {
		return "", err
	}
	f := &injected{instance: instance, result: FaultResult{Name: catalogued.Name(), On: string(on.Name()), Step: r.step, Report: report}}
	r.faults = append(r.faults, f)
	if !report.Evidence.Landed() {
		return "", errNotLanded
	}
	r.markFault(f)
	if behind != "" {
		r.reach(MarkReplicaBehind, "%s", behind)
	}
	return report.Evidence.Summary, nil
}

// behind says, for a fault that is about to kill the master, how far the
// replica is behind; empty when it is not, or cannot be told.
func (r *run) behind(ctx context.Context, f fault.Fault, on target.Server) string {
	if !f.Effects().KillsServer || r.pair.Role(on.Name()) != target.RoleMaster {
		return ""
	}
	other := r.pair.Server(on.Name().Other())
	if processes, err := on.Host().Processes(ctx); err == nil && !target.Alive(processes) {
		r.note("how far the replica is behind cannot be told: %s does not answer", on.Name())
		return ""
	}
	snaps, err := target.TakeSnapshots(ctx, r.pair.Executor(), r.plan.Accounts, target.LevelIndex, on, other)
	if err != nil {
		r.note("how far the replica is behind cannot be told: %s", err)
		return ""
	}
	changes, accounts := 0, 0
	for _, account := range r.plan.Accounts {
		if n := recordsAhead(snaps[on.Name()][account], snaps[other.Name()][account]); n > 0 {
			changes += n
			accounts++
		}
	}
	if changes == 0 {
		return ""
	}
	return fmt.Sprintf("%s lacked %d changed records in %d accounts when %s died", on.Name().Other(), changes, accounts, on.Name())
}

// recordsAhead counts records of the master that the replica has not, or has
// with a lower modseq.
func recordsAhead(master, replica target.Snapshot) int {
	ahead := 0
	for _, mailbox := range master.Mailboxes {
		copied, _ := replica.Mailbox(mailbox.Name)
		target.PairRecords(mailbox.Records, copied.Records, func(has, lacks *target.Record) {
			if has != nil && (lacks == nil || lacks.ModSeq < has.ModSeq) {
				ahead++
			}
		})
	}
	return ahead
}

func (r *run) takeFreeze(ctx context.Context) (string, error) {
	r.lookAtFaults(ctx)
	freeze, err := restore.TakeFreeze(ctx, r.pair, r.plan.Accounts)
	if err != nil {
		return "", err
	}
	r.freeze = freeze
	var kept []string
	for _, server := range r.pair.Servers() {
		side := freeze.Sides[server.Name()]
		index := fmt.Sprintf("the index of %d accounts", len(side.Accounts))
		if side.Missing != "" {
			index = "its index at the rescue, since it is down"
		}
		kept = append(kept, fmt.Sprintf("%s: %d entries of the sync log, %s", side.Server, side.SyncLog.Pending(), index))
	}
	r.markFreeze()
	return strings.Join(kept, "; "), nil
}

func (r *run) markFreeze() {
	if r.freeze != nil && r.freeze.Whole() {
		r.reach(MarkFreezeComplete, "indexes and sync logs of both sides are kept, as of %s", r.freeze.TakenAt.UTC().Format("2006-01-02 15:04:05"))
	}
}

func (r *run) promote(ctx context.Context, step plan.Promote) (string, error) {
	server, err := r.server(step.Server)
	if err != nil {
		return "", err
	}
	r.lookAtFaults(ctx)
	old := r.pair.Serving().Name()
	started := r.pair.Clock().Now()
	if err := r.pair.Operator().Promote(ctx, server.Name()); err != nil {
		return "", err
	}
	r.oldMaster = old
	r.measureOutage(ctx)
	return fmt.Sprintf("%s is master, and the clients' address points to it, after %s",
		server.Name(), r.pair.Clock().Now().Sub(started).Round(1e6)), nil
}

func (r *run) rescue(ctx context.Context, step plan.Rescue) (string, error) {
	server, err := r.server(step.Server)
	if err != nil {
		return "", err
	}
	if err := r.pair.Operator().Rescue(ctx, server.Name()); err != nil {
		return "", err
	}
	r.rescued = server.Name()
	summary := fmt.Sprintf("%s is up apart: it can be read, takes no mail, and replicates nothing", server.Name())
	if r.freeze == nil {
		return summary + "; no freeze was taken that its index could complete", nil
	}
	if err := r.freeze.Complete(ctx, r.pair.Executor(), server, r.plan.Accounts); err != nil {
		return summary, err
	}
	r.markFreeze()
	return summary + "; its index completes the freeze", nil
}
