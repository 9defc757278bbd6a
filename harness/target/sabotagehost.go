package target

import (
	"context"
	"time"
)

// What an incident does to a server's machine, and to what is between the two.
// Each is an interface of its own that a pair's saboteur may implement as well.

// NetworkSaboteur breaks the network of replication. Observers see both servers
// all the same.
type NetworkSaboteur interface {
	// Cut takes the server out of it: the other one cannot even find its name.
	Cut(ctx context.Context, server ServerName) (Evidence, error)
	// Mend puts it back.
	Mend(ctx context.Context, server ServerName) (Evidence, error)
	// Delay lets each answer that the server gives to its peer take so much
	// longer; zero takes the delay away.
	Delay(ctx context.Context, server ServerName, d time.Duration) (Evidence, error)
}

// DiskSaboteur fills the disk that holds a server's mail, where the pair was made
// with [Spec.SmallDisk].
type DiskSaboteur interface {
	// Fill leaves no room on it.
	Fill(ctx context.Context, server ServerName) (Evidence, error)
	// Free takes away again what filled it.
	Free(ctx context.Context, server ServerName) (Evidence, error)
}

// ClockSaboteur moves the clock of one server alone, where the pair was made with
// [Spec.MovingClock].
type ClockSaboteur interface {
	// Jump moves it by d, back where that is below zero.
	Jump(ctx context.Context, server ServerName, d time.Duration) (Evidence, error)
}

// ProcessSaboteur ends processes of a server one by one.
type ProcessSaboteur interface {
	// KillProcess ends every process of that name by SIGKILL, so many times in a
	// row: as soon as the master process has started it again.
	KillProcess(ctx context.Context, server ServerName, process string, times int) (Evidence, error)
}

// LogSaboteur removes the sync log under a sync_client that does not look: it is
// stopped, and goes on to be there.
type LogSaboteur interface {
	RemoveSyncLog(ctx context.Context, server ServerName) (Evidence, error)
}

// PowerSaboteur cuts the power of a server: what its disk had not been made to
// keep is gone.
type PowerSaboteur interface {
	CutPower(ctx context.Context, server ServerName) (Evidence, error)
}
