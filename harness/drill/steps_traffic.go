package drill

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/traffic"
)

// carryOut does one step and says what happened in an operator's words.
func (r *run) carryOut(ctx context.Context, step plan.Step) (string, error) {
	switch step.Kind {
	case plan.KindDeliver:
		tally, err := r.users.Deliver(ctx, r.accounts(step.Deliver.To), step.Deliver.Count)
		return told(tally, "delivered"), err
	case plan.KindAppend:
		tally, err := r.users.Append(ctx, step.Append.Account, step.Append.Mailbox, step.Append.Count)
		return told(tally, "appended"), err
	case plan.KindExpunge:
		return r.expunge(ctx, *step.Expunge)
	case plan.KindWait:
		return r.wait(ctx, *step.Wait)
	case plan.KindFault:
		return r.inject(ctx, *step.Fault)
	case plan.KindFreeze:
		return r.takeFreeze(ctx)
	case plan.KindPromote:
		return r.promote(ctx, *step.Promote)
	case plan.KindRescue:
		return r.rescue(ctx, *step.Rescue)
	case plan.KindDetect:
		return r.detect(ctx, *step.Detect)
	case plan.KindRestore:
		return r.restore(ctx, *step.Restore)
	case plan.KindSeed:
		return r.seed(ctx, *step.Seed)
	case plan.KindWork:
		return r.work(ctx, *step.Work)
	case plan.KindRules:
		return r.rules(ctx, *step.Rules)
	case plan.KindClock:
		return r.moveClock(ctx, *step.Clock)
	case plan.KindExpire:
		return r.expire(ctx, *step.Expire)
	case plan.KindResync:
		return r.resync(ctx, *step.Resync)
	case plan.KindFailback:
		return r.failback(ctx)
	}
	return "", fmt.Errorf("no such step: %q", step.Kind)
}

// describe says what a step is about to do.
func (r *run) describe(step plan.Step) string {
	switch step.Kind {
	case plan.KindDeliver:
		to := "everybody"
		if len(r.accounts(step.Deliver.To)) < len(r.plan.Accounts) {
			to = strings.Join(step.Deliver.To, ", ")
		}
		return fmt.Sprintf("deliver %d each to %s", step.Deliver.Count, to)
	case plan.KindSeed:
		return fmt.Sprintf("put %d messages into %d mailboxes of each account", step.Seed.Messages, step.Seed.Mailboxes)
	case plan.KindWork:
		return fmt.Sprintf("users work: %d operations each", step.Work.Operations)
	case plan.KindRules:
		return "users change their sieve scripts"
	case plan.KindClock:
		return fmt.Sprintf("let %s pass", step.Clock.Advance)
	case plan.KindExpire:
		return fmt.Sprintf("expire tombstones on the %s", step.Expire.Server)
	case plan.KindResync:
		return fmt.Sprintf("resync the %s from the new master", step.Resync.Server)
	case plan.KindFailback:
		return "swap the roles back"
	case plan.KindAppend:
		return fmt.Sprintf("%s appends %d to %s", step.Append.Account, step.Append.Count, step.Append.Mailbox)
	case plan.KindExpunge:
		return fmt.Sprintf("%s expunges %d (%s) from %s", step.Expunge.Account, step.Expunge.Count, step.Expunge.Which, step.Expunge.Mailbox)
	case plan.KindWait:
		return fmt.Sprintf("wait until %s, at most %s", step.Wait.Until, step.Wait.Within)
	case plan.KindFault:
		return fmt.Sprintf("break it: %s on the %s", faultInWords(*step.Fault), step.Fault.On)
	case plan.KindFreeze:
		return "freeze the evidence: both sides' indexes, sync logs"
	case plan.KindPromote:
		return fmt.Sprintf("promote the %s", step.Promote.Server)
	case plan.KindRescue:
		return fmt.Sprintf("bring the %s up apart, as rescued store", step.Rescue.Server)
	case plan.KindDetect:
		return fmt.Sprintf("look for damage: %s (%s)", step.Detect.Detector.Name, step.Detect.Sides)
	case plan.KindRestore:
		name := step.Restore.Restorer.Name
		if tool := r.tools.inPlaceOf(name); tool != nil {
			name = fmt.Sprintf("%s in place of %s", tool.Name(), name)
		}
		return "restore: " + name + amidInWords(*step.Restore)
	}
	return string(step.Kind)
}

func (r *run) accounts(named []string) []string {
	if len(named) == 0 {
		return r.plan.Accounts
	}
	return named
}

// told puts a tally into words: "12 delivered", "3 delivered, 2 refused".
func told(t traffic.Tally, done string) string {
	parts := []string{fmt.Sprintf("%d %s", t.Acknowledged, done)}
	if t.Refused > 0 {
		parts = append(parts, fmt.Sprintf("%d refused", t.Refused))
	}
	if t.InDoubt > 0 {
		parts = append(parts, fmt.Sprintf("%d in doubt", t.InDoubt))
	}
	return strings.Join(parts, ", ")
}

func (r *run) expunge(ctx context.Context, step plan.Expunge) (string, error) {
	choices := map[plan.Which]traffic.Choice{plan.Oldest: traffic.Oldest, plan.Newest: traffic.Newest, plan.Random: traffic.Random}
	choose, ok := choices[step.Which]
	if !ok {
		return "", fmt.Errorf("no such choice of messages: %q", step.Which)
	}
	tally, err := r.users.Expunge(ctx, step.Account, step.Mailbox, step.Count, choose)
	return told(tally, "expunged"), err
}

func (r *run) wait(ctx context.Context, step plan.Wait) (string, error) {
	if step.Until != plan.Replicated {
		return "", fmt.Errorf("no such condition: %q", step.Until)
	}
	master, err := r.server(plan.Master)
	if err != nil {
		return "", err
	}
	started := r.pair.Clock().Now()
	err = target.WaitUntil(ctx, r.pair.Clock(), step.Within, "both sides to be equal", func(ctx context.Context) (bool, string, error) {
		return r.replicated(ctx, master)
	})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("both sides equal after %s", r.pair.Clock().Now().Sub(started).Round(1e6)), nil
}

// replicated says whether nothing waits in the master's sync log and both
// indexes are equal for every account, but for what convergence overlooks: a
// tombstone that one side has expired alone stays on the other.
func (r *run) replicated(ctx context.Context, master target.Server) (bool, string, error) {
	log, err := master.Host().SyncLog(ctx)
	if err != nil {
		return false, "", err
	}
	if log.Pending() > 0 {
		return false, fmt.Sprintf("%d entries in the sync log of %s", log.Pending(), master.Name()), nil
	}
	replica := r.pair.Server(master.Name().Other())
	snaps, err := target.TakeSnapshots(ctx, r.pair.Executor(), r.plan.Accounts, target.LevelIndex, master, replica)
	if err != nil {
		return false, "", err
	}
	for _, account := range r.plan.Accounts {
		a, b := snaps[master.Name()][account], snaps[replica.Name()][account]
		if diffs := slices.DeleteFunc(target.Diff(a, b), property.IsExcluded); len(diffs) > 0 {
			return false, target.FormatDiff(a, b, diffs, 1), nil
		}
	}
	return true, "", nil
}

// faultInWords names the fault, or those that one is drawn from.
func faultInWords(f plan.Fault) string {
	var names []string
	for _, ref := range f.Names() {
		names = append(names, ref.Name)
	}
	return strings.Join(names, " or ")
}
