package conform

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Trace is what a plan was answered, and what it left, step by step, with all
// that is free to differ taken out.
type Trace struct {
	Steps []Seen
}

// String renders the trace, a line for each step and for each fact.
func (t Trace) String() string {
	var out strings.Builder
	for i, seen := range t.Steps {
		fmt.Fprintf(&out, "%d %s → %s %s\n", i+1, seen.Step, seen.Answer, seen.Why)
		for _, fact := range seen.Facts {
			fmt.Fprintf(&out, "    %s\n", fact)
		}
	}
	return out.String()
}

// Seen is what there was to see of one step: its answer in one line, and what was
// looked at after it, each line on its own.
type Seen struct {
	Step   Step
	Answer string
	Facts  []string
	Why    string // in the target's own words; it is not compared

	// Evidence is what a detector had for a fact, by the fact; it is not compared either.
	Evidence map[string]string
}

// Run carries the plan out on a pair that is new or reset, with [Accounts]. Its
// error means that the run tells nothing: the plan could not be carried out.
func Run(ctx context.Context, pair target.Pair, plan Plan) (Trace, error) {
	return RunPaced(ctx, pair, plan, func() time.Duration { return 0 })
}

// RunPaced is [Run] with a pause before each step, as long as pause says each time, on
// the pair's clock: what falls into one batch of sync_client depends on it.
func RunPaced(ctx context.Context, pair target.Pair, plan Plan, pause func() time.Duration) (Trace, error) {
	r := &runner{pair: pair, norm: newNormaliser()}
	var trace Trace
	steps := plan.Steps
	if len(steps) == 0 || steps[len(steps)-1].Op != SettleBodies {
		steps = append(slices.Clone(steps), Step{Op: SettleBodies})
	}
	for i, step := range steps {
		if err := pair.Clock().Sleep(ctx, pause()); err != nil {
			return trace, err
		}
		seen, err := r.step(ctx, step)
		if err != nil {
			return trace, fmt.Errorf("step %d, %s: %w", i+1, step, err)
		}
		trace.Steps = append(trace.Steps, seen)
	}
	found, evidence, err := r.findings(ctx)
	if err != nil {
		return trace, err
	}
	last := &trace.Steps[len(trace.Steps)-1]
	last.Facts, last.Evidence = append(last.Facts, found...), evidence
	return trace, nil
}

type runner struct {
	pair target.Pair
	norm *normaliser
}

// stepWithin bounds one step. It is a net under what should end by itself.
const stepWithin = 90 * time.Second

func (r *runner) step(ctx context.Context, step Step) (Seen, error) {
	ctx, cancel := context.WithTimeout(ctx, stepWithin)
	defer cancel()
	seen := Seen{Step: step}
	var err error
	switch step.Op {
	case Settle, SettleBodies:
		seen.Answer, seen.Facts, err = r.settle(ctx, step.Op == SettleBodies)
		return seen, err
	case Look:
		seen.Facts, err = r.look(ctx, step)
	case Read:
		seen.Facts, err = r.read(ctx, step)
	case ListScripts:
		seen.Facts, err = r.listScripts(ctx, step)
	case Compiled:
		seen.Facts, err = r.compiled(ctx, step)
	case CompareGUIDs:
		seen.Facts, err = r.compareGUIDs(ctx, step)
	case ListExpunged:
		seen.Facts, err = r.listExpunged(ctx, step)
	case CheckMailbox:
		seen.Facts, err = r.checkMailbox(ctx, step)
	case CheckList:
		seen.Facts, err = r.checkList(ctx, step)
	case RebuildEntry:
		seen.Facts, err = r.rebuildEntry(ctx, step)
	case Log:
		seen.Facts, err = r.log(ctx, step)
	case Detect:
		seen.Facts, seen.Evidence, err = r.findings(ctx)
	case Logged:
		seen.Answer, err = r.logged(ctx, step)
		return seen, err
	default:
		if act, ok := userActs[step.Op]; ok {
			err = r.asUser(ctx, step, act)
		} else if act, ok := serverActOf(step.Op); ok {
			err = act(ctx, r, step)
		} else if act, ok := toolActs[step.Op]; ok {
			seen.Answer = status(act(ctx, r, step))
			return seen, ctx.Err()
		} else {
			return seen, fmt.Errorf("there is no operation %q", step.Op)
		}
	}
	if ctx.Err() != nil {
		return seen, fmt.Errorf("not within %s: %w", stepWithin, err)
	}
	seen.Answer = answer(err)
	if err != nil {
		seen.Why = err.Error()
	}
	return seen, nil
}

// server returns the server on which a step is done.
func (r *runner) server(step Step) target.Server {
	if step.On != "" {
		return r.pair.Server(step.On)
	}
	return r.pair.Serving()
}

// name returns the name of that server.
func (r *runner) name(step Step) target.ServerName { return r.server(step).Name() }

// answer says in one line how a step ended, as far as two servers that behave
// alike have to say the same: texts are theirs.
func answer(err error) string {
	var refused *target.RefusedError
	var unreachable *target.UnreachableError
	var unsupported *target.UnsupportedError
	switch {
	case err == nil:
		return "OK"
	case errors.As(err, &unsupported):
		return "unsupported: " + unsupported.What
	case errors.As(err, &refused):
		if code := strings.Fields(refused.Code); len(code) > 0 {
			return refused.Status + " [" + code[0] + "]"
		}
		return refused.Status
	case errors.As(err, &unreachable):
		return "not reachable"
	case isAdministrative(err):
		return "cannot be done"
	default:
		return "no answer"
	}
}

// administrative is an error of what an operator or a fault tried.
type administrative struct{ error }

func (e administrative) Unwrap() error { return e.error }

func isAdministrative(err error) bool {
	var a administrative
	return errors.As(err, &a)
}
