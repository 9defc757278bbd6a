package reduce

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// closeWithin bounds giving a pair back.
const closeWithin = time.Minute

// OnTarget runs each plan on a pair of its own, as a drill.
func OnTarget(t target.Target) Run {
	return func(ctx context.Context, p *plan.Plan) (o Outcome, err error) {
		pair, err := t.NewPair(ctx, drill.Spec(p))
		if err != nil {
			return o, fmt.Errorf("making a pair for a smaller plan: %w", err)
		}
		defer func() {
			closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeWithin)
			defer cancel()
			err = errors.Join(err, pair.Close(closing))
		}()
		result, _ := drill.Run(ctx, p, pair, drill.Options{Target: t.Name()})
		return OutcomeOf(result), nil
	}
}
