package drill

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/fault"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/restore/outside"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/traffic"
)

// Options say how a plan is run.
type Options struct {
	Target string // the target's name, for the result
	// Ledger gets the ledger's events as they happen; nil: nobody does.
	Ledger io.Writer
	// Observe is told what happens; nil: nobody is.
	Observe Observer
	// Tools are restore tools that take the place of restorers in the plan.
	Tools []*outside.Command
	// Logic is what is under test.
	Logic Logic
}

// run is one run of a plan.
type run struct {
	plan    *plan.Plan
	pair    target.Pair
	users   *traffic.Users
	ledger  *traffic.Ledger
	observe Observer
	logic   Logic
	result  *Result

	step      int // number of the step at work, from 1
	reached   map[string]MarkResult
	faults    []*injected
	findings  []detect.Finding // of the incident at hand: those of one before tell of what is over
	freeze    *restore.Freeze
	oldMaster target.ServerName // empty until a promotion
	serving   target.ServerName // after the last step
	tookOver  time.Time         // when that began to serve
	rescued   target.ServerName // empty until a rescue
	failed    bool              // a step on which all later ones rest did not work
	halted    bool              // the same, but all that had to be restored should be by now

	looks       []property.Look
	repeats     []property.Repeat
	estimates   []property.Estimate
	chance      *rand.Rand               // of what faults hurt
	scriptsHurt map[string]bool          // by account
	diedAt      time.Time                // when the master was killed
	changedAt   time.Time                // when a step last did more than look or wait
	outages     map[string]time.Duration // by account: without service since then
	tools       tools
}

// injected is a fault's instance with its place in the plan.
type injected struct {
	instance fault.Instance
	result   FaultResult
}

// faultStream keeps what faults choose apart from traffic's choices.
const faultStream = 0x6661756c74

// Run carries out the plan on the pair, which must be new or reset and hold the
// plan's accounts. It always returns a result, also when ctx ends early: then
// with what was done until then.
func Run(ctx context.Context, p *plan.Plan, pair target.Pair, options Options) (*Result, *Evidence) {
	ledger := traffic.NewLedger(options.Ledger)
	r := &run{
		plan: p, pair: pair, ledger: ledger, users: traffic.NewUsers(pair, ledger, p.Seed),
		observe: options.Observe, logic: options.Logic, reached: map[string]MarkResult{},
		chance: rand.New(rand.NewPCG(p.Seed, faultStream)), scriptsHurt: map[string]bool{}, outages: map[string]time.Duration{},
		tools: tools{commands: options.Tools, ran: map[string]int{}},
		result: &Result{
			APIVersion: ResultVersion, Plan: p.Name, Title: p.Title, Description: p.Description, Target: options.Target, Cyrus: pair.Version(), Seed: p.Seed,
			Findings: []detect.Finding{}, Restores: []RestoreResult{}, Properties: []property.Result{},
			Traffic: map[traffic.Op]traffic.Tally{}, StartedAt: pair.Clock().Now(),
		},
	}
	wall := time.Now()
	r.noteReign()
	r.emit(EventDrillStarted, false, "%s: %s", p.Name, p.Title)
	r.walk(ctx)
	if err := r.tools.close(); err != nil {
		r.note("what restore tools kept is left behind: %s", err)
	}
	r.lookAtFaults(ctx)
	entries := ledger.Entries()
	r.judge(ctx, entries)
	// An interrupt that came when all had been shown takes nothing from it.
	r.result.Interrupted = errors.Is(ctx.Err(), context.Canceled) && r.result.Verdict != property.Pass
	r.result.Elapsed = pair.Clock().Now().Sub(r.result.StartedAt)
	r.result.Wall = time.Since(wall)
	r.emit(EventDrillEnded, r.result.Bottom() != property.Pass, "verdict: %s", r.result.InWords())
	return r.result, &Evidence{Freeze: r.freeze, Entries: entries}
}

// Evidence is what a run leaves beside its result.
type Evidence struct {
	Freeze  *restore.Freeze // nil: none was taken
	Entries []traffic.Entry
}

func (r *run) emit(kind EventKind, failed bool, format string, args ...any) {
	if r.observe == nil {
		return
	}
	r.observe(Event{At: r.pair.Clock().Now(), Kind: kind, Step: r.step, Steps: len(r.plan.Steps), Failed: failed, Text: fmt.Sprintf(format, args...)})
}

func (r *run) note(format string, args ...any) { r.emit(EventNote, false, format, args...) }

// walk carries out the steps in order. Detection and restore are the logic
// under test: where they fail, the drill goes on, and the properties show what
// that cost. After any other failure nothing that follows would mean what the
// plan says, so the rest is skipped. From the resync on, whatever was to be
// restored is promised to be there, so then the properties are judged all the
// same.
func (r *run) walk(ctx context.Context) {
	restored := false
	for i, step := range r.plan.Steps {
		r.step = i + 1
		restored = restored || step.Kind == plan.KindResync
		outcome := StepResult{Number: r.step, Kind: string(step.Kind), Line: step.Pos.Line, Status: StepSkipped}
		if !r.failed && !r.halted {
			r.emit(EventStepStarted, false, "%s", r.describe(step))
			outcome.StartedAt = r.pair.Clock().Now()
			summary, err := r.bounded(ctx, step)
			outcome.Elapsed = r.pair.Clock().Now().Sub(outcome.StartedAt)
			if step.Kind != plan.KindDetect && step.Kind != plan.KindWait && step.Kind != plan.KindClock && step.Kind != plan.KindFreeze {
				r.changedAt = r.pair.Clock().Now()
			}
			outcome.Status, outcome.Summary = StepDone, summary
			if err != nil {
				outcome.Status, outcome.Error = StepFailed, err.Error()
				underTest := step.Kind == plan.KindDetect || step.Kind == plan.KindRestore
				r.halted = !underTest && restored
				r.failed = !underTest && !restored || ctx.Err() != nil
				r.result.Reasons = append(r.result.Reasons, fmt.Sprintf("step %d (%s) failed: %s", r.step, step.Kind, err))
			}
			r.noteReign()
			r.emit(EventStepEnded, err != nil, "%s", strings.TrimSpace(outcome.Summary+" "+outcome.Error))
		}
		r.result.Steps = append(r.result.Steps, outcome)
	}
	r.markQuiet()
	r.step = 0
}

// noteReign notes when the server began to serve that does.
func (r *run) noteReign() {
	if serves := r.pair.Serving().Name(); serves != r.serving {
		r.serving, r.tookOver = serves, r.pair.Clock().Now()
	}
}

// A step that takes longer than this, in real time, hangs. What a plan lets a
// wait last comes on top.
const stepWithin = 10 * time.Minute

// bounded carries out a step, and ends it where something hangs.
func (r *run) bounded(ctx context.Context, step plan.Step) (string, error) {
	within := stepWithin
	if step.Wait != nil {
		within += step.Wait.Within
	}
	if step.Restore != nil {
		within += r.toolTime(*step.Restore)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, within, fmt.Errorf("it did not end within %s", within))
	defer cancel()
	summary, err := r.carryOut(ctx, step)
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = fmt.Errorf("%w: %w", context.Cause(ctx), err)
	}
	return summary, err
}

// lookAtFaults measures every fault anew. It is called before anything that
// could hide what a fault did, and at the end.
func (r *run) lookAtFaults(ctx context.Context) {
	for _, f := range r.faults {
		report, err := f.instance.Look(ctx)
		if err != nil {
			if ctx.Err() == nil {
				r.note("the fault %s could not be looked at again: %s", f.result.Name, err)
			}
			continue
		}
		f.result.Report = report
		r.markFault(f)
	}
}

func (r *run) markFault(f *injected) {
	if f.result.Name != (fault.ReplicationStopped{}).Name() {
		return
	}
	facts := f.result.Evidence.Facts
	for _, fact := range facts {
		switch {
		case strings.HasPrefix(fact.What, "entries in the sync log"):
			r.reach(MarkSyncLogGrowing, "%s", fact)
		case fact.After == string(target.ProcessStopped):
			r.reach(MarkSyncClientFrozen, "%s", fact)
		}
	}
}

// server resolves a side of the plan to a server of the pair.
func (r *run) server(side plan.Side) (target.Server, error) {
	switch side {
	case plan.OldMaster:
		if r.oldMaster == "" {
			return nil, errors.New("nothing has been promoted, so there is no old master")
		}
		return r.pair.Server(r.oldMaster), nil
	case plan.Master, plan.Replica:
		for _, server := range r.pair.Servers() {
			if string(r.pair.Role(server.Name())) == string(side) {
				return server, nil
			}
		}
		return nil, fmt.Errorf("the pair has no %s at the moment", side)
	}
	return nil, fmt.Errorf("no such side: %q", side)
}
