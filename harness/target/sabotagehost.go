package target

import (
	"context"
	"fmt"
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
	// Throttle lets so many bytes a second through to the server; zero lets all.
	Throttle(ctx context.Context, server ServerName, bytesPerSecond int) (Evidence, error)
	// Lose loses so many of a hundred packets between the two; zero loses none.
	Lose(ctx context.Context, server ServerName, percent int) (Evidence, error)
	// Link says what the server's end of the network is like.
	Link(ctx context.Context, server ServerName) (Link, error)
}

// Link is a server's end of the network of replication. The zero value is one that
// nobody has touched.
type Link struct {
	Cut            bool
	Delay          time.Duration // of each answer
	BytesPerSecond int           // 0: as many as there are
	LossPercent    int
}

func (l Link) String() string {
	if l.Cut {
		return "cut"
	}
	text := fmt.Sprintf("connected, %s slower", l.Delay)
	if l.BytesPerSecond > 0 {
		text += fmt.Sprintf(", %d bytes a second", l.BytesPerSecond)
	}
	if l.LossPercent > 0 {
		text += fmt.Sprintf(", %d%% of its packets lost", l.LossPercent)
	}
	return text
}

// PortSaboteur lets something else than sync_server answer at a server's port for
// replication. Observers who ask there are answered the same.
type PortSaboteur interface {
	// Garble lets the port answer each connection with bytes of no meaning.
	Garble(ctx context.Context, server ServerName) (Evidence, error)
	// Ungarble puts sync_server back. A start of the server does so as well.
	Ungarble(ctx context.Context, server ServerName) (Evidence, error)
	Garbled(ctx context.Context, server ServerName) (bool, error)
}

// DiskSaboteur fills the disk that holds a server's mail, where the pair was made
// with [Spec.SmallDisk].
type DiskSaboteur interface {
	// Fill leaves no room on it.
	Fill(ctx context.Context, server ServerName) (Evidence, error)
	// Free takes away again what filled it.
	Free(ctx context.Context, server ServerName) (Evidence, error)
	// Full says whether there is no room.
	Full(ctx context.Context, server ServerName) (bool, error)
}

// MountSaboteur lets the file system that holds a server's mail take no writes, as
// the kernel does when its disk fails. What Cyrus keeps elsewhere can be written.
type MountSaboteur interface {
	Protect(ctx context.Context, server ServerName) (Evidence, error)
	// Unprotect lets it take writes again. A start of the server does so as well.
	Unprotect(ctx context.Context, server ServerName) (Evidence, error)
	Protected(ctx context.Context, server ServerName) (bool, error)
}

// MemorySaboteur uses up the memory of a server's machine.
type MemorySaboteur interface {
	// Exhaust leaves so little that the kernel ends the processes of that name, and
	// gives the memory back then.
	Exhaust(ctx context.Context, server ServerName, process string) (Evidence, error)
}

// ClockSaboteur moves the clock of one server alone, where the pair was made with
// [Spec.MovingClock].
type ClockSaboteur interface {
	// Jump moves it by d, back where that is below zero.
	Jump(ctx context.Context, server ServerName, d time.Duration) (Evidence, error)
	// Offset says how far it is ahead of real time.
	Offset(ctx context.Context, server ServerName) (time.Duration, error)
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
	// CutSyncLog cuts the log off in the middle of its bytes, so that its last line
	// may be half of one. The batch in work stays.
	CutSyncLog(ctx context.Context, server ServerName) (Evidence, error)
	// AddLogLine adds a line to the log, as a process of Cyrus would.
	AddLogLine(ctx context.Context, server ServerName, line string) (Evidence, error)
}

// ToolSaboteur ends a server while one of Cyrus's tools works on its mail.
type ToolSaboteur interface {
	// KillAmidReconstruct begins to rebuild a mailbox's index and kills the server,
	// and the tool with it, before that is done.
	KillAmidReconstruct(ctx context.Context, server ServerName, account, mailbox string) (Evidence, error)
}

// BackupSaboteur plays with backups of a mailbox's directory: its messages and its
// index, and nothing that Cyrus keeps elsewhere.
type BackupSaboteur interface {
	// BackUp keeps a copy of it, in the place of one that was kept before.
	BackUp(ctx context.Context, server ServerName, account, mailbox string) error
	// PutBack puts the copy in the place of what is there now, while Cyrus runs.
	PutBack(ctx context.Context, server ServerName, account, mailbox string) (Evidence, error)
}

// PowerSaboteur cuts the power of a server: what its disk had not been made to
// keep is gone.
type PowerSaboteur interface {
	CutPower(ctx context.Context, server ServerName) (Evidence, error)
}
