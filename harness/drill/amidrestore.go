package drill

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/restore/journal"
	"github.com/cyrdrill/cyrdrill/harness/restore/killed"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// amidInWords says what happens amid a restore, after a comma; nothing, where nothing does.
func amidInWords(step plan.Restore) (text string) {
	for _, part := range []struct {
		times int
		what  string
	}{{step.Kills, "killed %d times"}, {step.Rivals, "with %d others begun beside it"}, {step.Outages, "its server dying %d times"}} {
		if part.times > 0 {
			text += ", " + fmt.Sprintf(part.what, part.times)
		}
	}
	return text
}

// ordeal is a restore, and what is to happen amid it.
type ordeal struct {
	*run
	scene   restore.Scene
	planned restore.Plan
	step    plan.Restore
	store   *journal.Memory
	options restore.Options
	// before is what the serving server had; nil: nobody wants to know.
	before map[string]target.Snapshot
	// failed is what did not happen as it must.
	failed []string
}

// endure applies the plan with one journal, until it is done.
func (o *ordeal) endure(ctx context.Context) (restore.Report, error) {
	for range o.step.Rivals {
		o.scene = o.upon(func() { o.rival(ctx) }).Befall(o.scene)
	}
	report, done, err := o.killed(ctx)
	for i := 0; i < o.step.Outages && !done && err == nil; i++ {
		report, done, err = o.outage(ctx)
	}
	if !done && err == nil {
		report, err = o.run.logic.apply(ctx, o.scene, o.planned, o.options)
	}
	if err == nil && len(o.failed) > 0 {
		err = errors.New(strings.Join(o.failed, "; "))
	}
	return report, err
}

// commands is before how many of its commands something happens: as many as there are
// pieces of work, if nothing else is known.
func (o *ordeal) commands() int {
	pieces := map[[3]string]bool{}
	for _, a := range o.planned.Actions {
		if a.Act != restore.Keep {
			pieces[[3]string{string(a.Act), a.Account, a.Mailbox}] = true
		}
	}
	return max(1, min(len(pieces), killWithin))
}

func (o *ordeal) upon(happens func()) *killed.Accident {
	return killed.Upon(1+o.chance.IntN(o.commands()), o.chance.IntN(2) == 1, happens)
}

// rival begins a second restore while the first one is at work.
func (o *ordeal) rival(ctx context.Context) {
	second := o.options
	second.Journal = o.store
	_, err := o.run.logic.apply(ctx, o.scene, o.planned, second)
	if !errors.Is(err, journal.ErrInUse) {
		o.failed = append(o.failed, fmt.Sprintf("a second restore was begun beside the first, and was not refused for that: %v", err))
		return
	}
	o.reach(MarkRivalRefused, "%s", err)
}

// killed applies the plan and is killed at it, as often as the step says; done, if one was
// through before.
func (o *ordeal) killed(ctx context.Context) (report restore.Report, done bool, err error) {
	for range o.step.Kills {
		death := killed.At(1+o.chance.IntN(killWithin), killed.When(o.chance.IntN(3)))
		mortal, dying, diary := death.Mortal(ctx, o.scene, o.store)
		options := o.options
		options.Journal = diary
		report, err := o.run.logic.apply(mortal, dying, o.planned, options)
		if !death.Came() {
			return report, true, err
		}
		o.reach(MarkRestoreKilled, "%s", report.InWords())
		o.note("the restore was killed: %s by then", report.InWords())
	}
	return report, false, nil
}

// patience is how long somebody looks on at a restore whose server is dead, on the
// target's clock.
const patience = 2 * time.Second

var errImpatient = errors.New("its server is dead, and nobody waits any longer")

// outage applies the plan and kills its server amid it. What the report says of the
// accounts that are read back is kept for property 9, once the server is there again.
func (o *ordeal) outage(ctx context.Context) (report restore.Report, done bool, err error) {
	serving := o.scene.Serving.Name()
	var unharmed error
	accident := o.upon(func() { _, unharmed = o.pair.Saboteur().KillServer(ctx, serving) })
	watched, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	var over atomic.Bool
	applying := func(context.Context) error {
		defer over.Store(true)
		report, err = o.run.logic.apply(watched, accident.Befall(o.scene), o.planned, o.options)
		return nil
	}
	failed := o.pair.Executor().Run(ctx, applying, func(ctx context.Context) error { return o.look(ctx, accident, &over, giveUp) })
	if !accident.Came() {
		return report, true, errors.Join(err, failed)
	}
	if err := errors.Join(failed, unharmed, o.pair.Operator().Start(ctx, serving)); err != nil {
		return report, true, fmt.Errorf("letting %s die amid the restore, and come back: %w", serving, err)
	}
	o.reach(MarkOutageAmidRestore, "%s", report.InWords())
	o.note("%s died amid the restore, which ended with %v, and is back: %s by then", serving, err, report.InWords())
	return report, false, o.keepClaims(ctx, report)
}

// look gives up a restore some time after the accident.
func (o *ordeal) look(ctx context.Context, accident *killed.Accident, over *atomic.Bool, giveUp context.CancelCauseFunc) error {
	for began := o.pair.Clock().Now(); !over.Load(); {
		if err := o.pair.Clock().Sleep(ctx, patience/10); err != nil {
			return err
		}
		if !accident.Came() {
			began = o.pair.Clock().Now()
		} else if o.pair.Clock().Now().Sub(began) > patience {
			giveUp(errImpatient)
		}
	}
	return nil
}

// keepClaims holds what an interrupted restore calls read back against what is there.
func (o *ordeal) keepClaims(ctx context.Context, report restore.Report) error {
	if o.before == nil {
		return nil
	}
	now, err := o.indexes(ctx)
	if err != nil {
		return err
	}
	want, known := foresee(o.before, frozenRescued(o.scene), o.planned, report)
	claim := property.Repeat{
		What: fmt.Sprintf("left by its server (%s, step %d)", o.planned.Restorer, o.run.step), Server: o.scene.Serving.Name(),
		Want: map[string]target.Snapshot{}, Got: now,
	}
	for _, a := range report.Accounts {
		if a.ReadBack && known[a.Account] {
			claim.Want[a.Account] = want[a.Account]
		}
	}
	o.repeats = append(o.repeats, claim)
	return nil
}
