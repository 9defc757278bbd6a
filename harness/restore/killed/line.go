package killed

import (
	"context"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/dlist"
)

// dialer opens conversations by the sync protocol as a mortal does.
type dialer struct {
	target.SyncDialer
	death fate
}

func (d dialer) DialSync(ctx context.Context, server target.ServerName) (target.SyncConversation, error) {
	inner, err := d.SyncDialer.DialSync(ctx, server)
	if err != nil {
		return nil, err
	}
	return conversation{inner, d.death}, nil
}

// conversation is one of them. To ask is no act.
type conversation struct {
	target.SyncConversation
	death fate
}

func (c conversation) Apply(ctx context.Context, what dlist.Value) error {
	return c.death.command(func() error { return c.SyncConversation.Apply(ctx, what) })
}
