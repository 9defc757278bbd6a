package cyrus

import (
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

var _ target.SyncSaboteur = saboteur{}

// Mislead implements [target.SyncSaboteur].
func (b saboteur) Mislead(ctx context.Context, name target.ServerName, told target.Hearsay) (target.Evidence, error) {
	evidence, err := b.pair.server(name).view.Mislead(ctx, told)
	if err != nil {
		return target.Evidence{}, fmt.Errorf("misleading %s: %w", name, err)
	}
	evidence.Summary += " to " + string(name)
	return evidence, nil
}
