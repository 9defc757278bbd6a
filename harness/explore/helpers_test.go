package explore

import (
	"context"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// panicking is a target whose pairs cannot be made without a panic.
type panicking struct{ target.Target }

func (panicking) NewPair(context.Context, target.Spec) (target.Pair, error) {
	panic("a pair that panics")
}
