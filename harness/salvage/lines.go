package salvage

import (
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/field"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// lines are conversations by the sync protocol with the servers of a pair. There are none
// where the serving server sends to somebody by sync_client: what it is told by the sync
// protocol goes into no log, so that nobody would send it on.
type lines struct{ pair *field.Pair }

// DialSync implements [target.SyncDialer].
func (l lines) DialSync(ctx context.Context, name target.ServerName) (target.SyncConversation, error) {
	_, serving, err := sides(l.pair)
	if err != nil {
		return nil, err
	}
	if name == serving.Name() {
		sends, _, err := serving.Replicates(ctx)
		if err != nil {
			return nil, fmt.Errorf("whether %s replicates: %w", name, err)
		}
		if sends {
			return nil, &target.UnsupportedError{Target: string(name), What: "way to put anything back by the sync protocol", Why: "its sync_client would not hear of it"}
		}
	}
	return l.pair.DialSync(ctx, name)
}
