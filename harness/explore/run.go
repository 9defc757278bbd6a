package explore

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Shown is what a run showed.
type Shown struct {
	*drill.Result
	Logs [][]byte // both servers' syslogs, as far as they can be had
	// Model is what the model showed of the same plan, where it was run on both targets.
	Model *drill.Result
}

// Run carries out a plan from a fresh pair on and returns what it showed. An error means
// that it could not be run at all, and shows nothing of the plan.
type Run func(ctx context.Context, p *plan.Plan) (Shown, error)

// closeWithin bounds giving a pair back.
const closeWithin = time.Minute

// OnTarget runs each plan on a pair of its own. Where to make one panics, that is what the
// run showed, with where it happened.
func OnTarget(t target.Target) Run {
	return func(ctx context.Context, p *plan.Plan) (shown Shown, err error) {
		defer func() {
			if thrown := recover(); thrown != nil {
				shown, err = Shown{Result: crashed(p, t.Name(), thrown, debug.Stack())}, nil
			}
		}()
		pair, err := t.NewPair(ctx, drill.Spec(p))
		if err != nil {
			return shown, fmt.Errorf("making a pair for %s: %w", p.Name, err)
		}
		defer func() {
			closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeWithin)
			defer cancel()
			err = errors.Join(err, pair.Close(closing))
		}()
		return carryOut(ctx, p, t.Name(), pair), nil
	}
}

// carryOut runs a plan on a pair. Where the harness or the simulator panics, that is what
// the run showed.
func carryOut(ctx context.Context, p *plan.Plan, targetName string, pair target.Pair) (shown Shown) {
	defer func() {
		if thrown := recover(); thrown != nil {
			shown = Shown{Result: crashed(p, targetName, thrown, debug.Stack())}
		}
	}()
	shown.Result, _ = drill.Run(ctx, p, pair, drill.Options{Target: targetName})
	for _, server := range pair.Servers() {
		if log, err := server.Host().Syslog(ctx); err == nil { // a server that cannot be asked costs its log
			shown.Logs = append(shown.Logs, log)
		}
	}
	return shown
}

// crashReason begins the reason of a run that was ended by a panic.
const crashReason = "panic: "

func crashed(p *plan.Plan, targetName string, thrown any, stack []byte) *drill.Result {
	return &drill.Result{
		APIVersion: drill.ResultVersion, Plan: p.Name, Title: p.Title, Target: targetName, Seed: p.Seed, Verdict: property.Unknown,
		Reasons: []string{fmt.Sprintf("%s%v at %s", crashReason, thrown, whereThrown(string(stack)))},
	}
}

// whereThrown returns the function that panicked, of a goroutine's stack.
func whereThrown(stack string) string {
	_, after, found := strings.Cut(stack, "panic(")
	if !found {
		return "an unknown place"
	}
	for _, line := range strings.Split(after, "\n") {
		if name, _, ok := strings.Cut(line, "("); ok && strings.Contains(line, "cyrdrill/") && !strings.HasPrefix(line, "\t") {
			return name
		}
	}
	return "an unknown place"
}
