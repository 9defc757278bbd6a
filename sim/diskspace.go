package sim

import (
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

var _ target.DiskSaboteur = saboteur{}

// Fill implements [target.DiskSaboteur].
func (b saboteur) Fill(ctx context.Context, name target.ServerName) (target.Evidence, error) {
	return b.load(ctx, name, "filled up", true)
}

// Free implements [target.DiskSaboteur].
func (b saboteur) Free(ctx context.Context, name target.ServerName) (target.Evidence, error) {
	return b.load(ctx, name, "freed", false)
}

func (b saboteur) load(ctx context.Context, name target.ServerName, done string, full bool) (target.Evidence, error) {
	if err := b.pair.takes(ctx, execTime); err != nil {
		return target.Evidence{}, err
	}
	d := b.pair.server(name).disk
	room := func() string {
		if d.full {
			return "none"
		}
		return "some"
	}
	before := room()
	d.full = full
	b.pair.tracef("the disk of %s was %s", name, done)
	return target.Evidence{
		Summary: fmt.Sprintf("the disk of %s was %s", name, done),
		Facts:   []target.Fact{{What: "room for mail on " + string(name), Before: before, After: room()}},
	}, nil
}
