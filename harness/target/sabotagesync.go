package target

import (
	"context"

	"github.com/cyrdrill/cyrdrill/harness/target/dlist"
)

// SyncLine is a conversation with a server's sync_server, of its administrator.
// Its errors are a [RefusedError] where the server answered NO or BAD.
type SyncLine interface {
	// Get sends GET with a key and its value, and returns the values of the answer.
	Get(ctx context.Context, what dlist.Value) ([]dlist.Value, error)
	// Apply sends APPLY with a key and its value.
	Apply(ctx context.Context, what dlist.Value) error
}

// Hearsay is one thing that a sync client has wrong; see package hearsay.
type Hearsay interface {
	// Tell tells it, and returns what the server says of it before and after.
	Tell(ctx context.Context, line SyncLine) (Evidence, error)
}

// SyncSaboteur lets a sync client tell one server what is not so, by Cyrus's sync
// protocol. The server takes it for what its master has said: it writes nothing
// into its sync log, so what it was told goes to nobody by itself.
type SyncSaboteur interface {
	Mislead(ctx context.Context, server ServerName, told Hearsay) (Evidence, error)
}
