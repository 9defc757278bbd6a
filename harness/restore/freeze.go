package restore

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Freeze is the evidence: both sides' indexes and sync logs, taken before a
// promotion or a repair changes them. UIDs of the two sides may be held
// against each other only within it: after a promotion the new master uses
// the same UIDs again for other messages.
type Freeze struct {
	TakenAt time.Time                         `json:"taken_at"` // on the target's clock
	Sides   map[target.ServerName]*FrozenSide `json:"sides"`
}

// FrozenSide is what the freeze has of one server.
type FrozenSide struct {
	Server  target.ServerName `json:"server"`
	Role    target.Role       `json:"role"` // when the freeze was taken
	SyncLog target.SyncLog    `json:"sync_log"`
	// Accounts holds an index snapshot of each account. It is nil for a server
	// that was dead, until [Freeze.Complete] has read its rescued store.
	Accounts map[string]target.Snapshot `json:"accounts,omitempty"`
	// Missing says why Accounts is nil.
	Missing string `json:"missing,omitempty"`
}

// TakeFreeze reads both sides. A server that is down has its sync log read off
// its disk; its index must wait for the rescue. Nothing is changed.
func TakeFreeze(ctx context.Context, pair target.Pair, accounts []string) (*Freeze, error) {
	freeze := &Freeze{TakenAt: pair.Clock().Now(), Sides: map[target.ServerName]*FrozenSide{}}
	for _, server := range pair.Servers() {
		side := &FrozenSide{Server: server.Name(), Role: pair.Role(server.Name())}
		log, err := server.Host().SyncLog(ctx)
		if err != nil {
			return nil, fmt.Errorf("freezing the sync log of %s: %w", server.Name(), err)
		}
		side.SyncLog = log
		processes, err := server.Host().Processes(ctx)
		if err != nil {
			return nil, fmt.Errorf("freezing %s: %w", server.Name(), err)
		}
		if len(processes) == 0 {
			side.Missing = "the server is down; its index is read when it is brought up apart"
		} else if side.Accounts, err = snapshots(ctx, server, accounts); err != nil {
			return nil, fmt.Errorf("freezing the index of %s: %w", server.Name(), err)
		}
		freeze.Sides[server.Name()] = side
	}
	return freeze, nil
}

// Complete adds the index of a server that was dead when the freeze was taken
// and has since been brought up apart. Nobody has written to it meanwhile.
func (f *Freeze) Complete(ctx context.Context, rescued target.Server, accounts []string) error {
	side, ok := f.Sides[rescued.Name()]
	if !ok {
		return fmt.Errorf("the freeze knows no server %s", rescued.Name())
	}
	if side.Accounts != nil {
		return nil
	}
	snaps, err := snapshots(ctx, rescued, accounts)
	if err != nil {
		return fmt.Errorf("completing the freeze with the index of %s: %w", rescued.Name(), err)
	}
	side.Accounts, side.Missing = snaps, ""
	return nil
}

// Whole says whether the index of both sides is there.
func (f *Freeze) Whole() bool {
	for _, side := range f.Sides {
		if side.Accounts == nil {
			return false
		}
	}
	return len(f.Sides) == 2
}

func snapshots(ctx context.Context, server target.Server, accounts []string) (map[string]target.Snapshot, error) {
	snaps := make(map[string]target.Snapshot, len(accounts))
	for _, account := range accounts {
		snap, err := target.TakeSnapshot(ctx, server, account, target.LevelIndex)
		if err != nil {
			return nil, err
		}
		snaps[account] = snap
	}
	return snaps, nil
}

// Side returns one side of the freeze in the form that detectors compare.
func (f *Freeze) Side(name target.ServerName) (*FrozenSide, error) {
	side, ok := f.Sides[name]
	if !ok {
		return nil, fmt.Errorf("the freeze knows no server %s", name)
	}
	if side.Accounts == nil {
		return nil, fmt.Errorf("the freeze lacks the index of %s: %s", name, side.Missing)
	}
	return side, nil
}

// Name returns the server whose state this was.
func (s *FrozenSide) Name() target.ServerName { return s.Server }

// Snapshot returns the frozen state of an account. The freeze is at index
// level: a deeper look needs the server itself.
func (s *FrozenSide) Snapshot(_ context.Context, account string, level target.Level) (target.Snapshot, error) {
	if level == target.LevelBody {
		return target.Snapshot{}, fmt.Errorf("the freeze of %s holds no bodies", s.Server)
	}
	snap, ok := s.Accounts[account]
	if !ok {
		return target.Snapshot{}, fmt.Errorf("the freeze of %s does not hold account %s", s.Server, account)
	}
	if level == target.LevelStatus {
		snap.Level, snap.Meta = level, target.Meta{}
		snap.Mailboxes = slices.Clone(snap.Mailboxes)
		for i := range snap.Mailboxes {
			snap.Mailboxes[i].Records = nil
		}
	}
	return snap, nil
}
