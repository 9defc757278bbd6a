package field

import (
	"context"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/view"
)

var _ target.SyncDialer = (*Pair)(nil)

// DialSync implements [target.SyncDialer]. A server of whose sync_server the configuration
// has no address can only be asked, by IMAP; the one that serves is not, since there is
// nothing to be put into it so.
func (p *Pair) DialSync(ctx context.Context, name target.ServerName) (target.SyncConversation, error) {
	for _, s := range p.Servers {
		switch {
		case s.Name() != name:
		case s.Has(view.Sync):
			return s.view.DialSync(ctx)
		case s.Role() == target.RoleRescued:
			return s.view.DialSyncByIMAP(ctx)
		}
	}
	return nil, &target.UnsupportedError{Target: string(name), What: "conversation by the sync protocol", Why: "its configuration has no address of sync"}
}
