package restore

import (
	"context"
	"fmt"
	"slices"
	"strings"
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
	// Unreadable are mailboxes, by account, that the server lists and whose
	// index could not be opened: the freeze knows nothing of what is in them.
	Unreadable map[string][]string `json:"unreadable,omitempty"`
	// NoMeta are accounts of which the server told their mailboxes, and died of being
	// asked for scripts, subscriptions, quota and what was deleted: nothing is known of
	// those.
	NoMeta []string `json:"no_meta,omitempty"`
	// Rebuilt are unique IDs of mailboxes, by account, whose index was rebuilt
	// from the message files since. What the freeze has of them is what the
	// rebuilding left: all messages whose files were there, with their UIDs,
	// and neither flags nor tombstones.
	Rebuilt map[string][]string `json:"rebuilt,omitempty"`
}

// WasRebuilt says whether the mailbox was rebuilt since the freeze.
func (s *FrozenSide) WasRebuilt(account, uniqueID string) bool {
	return slices.Contains(s.Rebuilt[account], uniqueID)
}

// TakeFreeze reads both sides. A server that is down, or hangs, has its sync log read off
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
		if !target.Alive(processes) {
			side.Missing = "the server does not answer; its index is read when it is brought up apart"
		} else if err = side.read(ctx, pair.Executor(), server, accounts, listedMailboxes); err != nil {
			return nil, fmt.Errorf("freezing the index of %s: %w", server.Name(), err)
		}
		freeze.Sides[server.Name()] = side
	}
	return freeze, nil
}

// Complete adds the index of a server that was dead when the freeze was taken
// and has since been brought up apart. Nobody has written to it meanwhile.
func (f *Freeze) Complete(ctx context.Context, executor target.Executor, rescued target.Server, accounts []string) error {
	side, ok := f.Sides[rescued.Name()]
	if !ok {
		return fmt.Errorf("the freeze knows no server %s", rescued.Name())
	}
	if side.Accounts != nil {
		return nil
	}
	if err := side.read(ctx, executor, rescued, accounts, listedMailboxes); err != nil {
		return fmt.Errorf("completing the freeze with the index of %s: %w", rescued.Name(), err)
	}
	side.Missing = ""
	return nil
}

// NoteRebuilt adds to the freeze what the rebuilding of a mailbox has left,
// which it must be told before anybody changes the mailbox. Of an index that
// could not be opened no better evidence is to be had.
func (f *Freeze) NoteRebuilt(ctx context.Context, server target.Server, account, mailbox string) error {
	side, err := f.Side(server.Name())
	if err != nil {
		return err
	}
	rebuilt, err := server.Index().Mailbox(ctx, account, mailbox)
	if err != nil {
		return fmt.Errorf("freezing %s of %s as it was rebuilt: %w", mailbox, account, err)
	}
	snap := side.Accounts[account]
	snap.Mailboxes = slices.DeleteFunc(slices.Clone(snap.Mailboxes), func(m target.Mailbox) bool { return m.UniqueID == rebuilt.UniqueID })
	snap.Mailboxes = append(snap.Mailboxes, rebuilt)
	slices.SortFunc(snap.Mailboxes, func(a, b target.Mailbox) int { return strings.Compare(a.Name, b.Name) })
	side.Accounts[account] = snap
	if side.Rebuilt == nil {
		side.Rebuilt = map[string][]string{}
	}
	side.Rebuilt[account] = append(side.Rebuilt[account], rebuilt.UniqueID)
	return nil
}

// Master returns the server that took users when the freeze was taken.
func (f *Freeze) Master() target.ServerName {
	for name, side := range f.Sides {
		if side.Role == target.RoleMaster {
			return name
		}
	}
	return ""
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

// read takes the accounts' snapshots, and notes which mailboxes are listed and
// could not be opened.
func (s *FrozenSide) read(ctx context.Context, executor target.Executor, server target.Server, accounts []string, list lister) error {
	err := s.readEach(ctx, executor, accounts, func(ctx context.Context, account string) (target.Snapshot, bool, error) {
		return snapshotOrPieces(ctx, server, account, list)
	})
	if err != nil {
		return err
	}
	listed, err := list(ctx, server, accounts)
	s.unread(accounts, func(account string) []string { return listed[account] })
	return err
}

// readEach takes the accounts' snapshots side by side.
func (s *FrozenSide) readEach(ctx context.Context, executor target.Executor, accounts []string, read func(context.Context, string) (snap target.Snapshot, noMeta bool, err error)) error {
	taken, dumb := make([]target.Snapshot, len(accounts)), make([]bool, len(accounts))
	tasks := make([]func(context.Context) error, len(accounts))
	for i, account := range accounts {
		tasks[i] = func(ctx context.Context) (err error) {
			taken[i], dumb[i], err = read(ctx, account)
			return err
		}
	}
	if err := executor.Run(ctx, tasks...); err != nil {
		return err
	}
	s.Accounts, s.Unreadable = map[string]target.Snapshot{}, map[string][]string{}
	for i, account := range accounts {
		s.Accounts[account] = taken[i]
		if dumb[i] {
			s.NoMeta = append(s.NoMeta, account)
		}
	}
	return nil
}

// unread notes which of the accounts' listed mailboxes could not be opened, and returns the
// accounts that have any.
func (s *FrozenSide) unread(accounts []string, listed func(account string) []string) (have []string) {
	for _, account := range accounts {
		for _, name := range listed(account) {
			if _, readable := s.Accounts[account].Mailbox(name); !readable {
				s.Unreadable[account] = append(s.Unreadable[account], name)
			}
		}
		if len(s.Unreadable[account]) > 0 {
			have = append(have, account)
		}
	}
	return have
}

// lister returns accounts' own mailboxes that a server lists.
type lister func(ctx context.Context, server target.Server, accounts []string) (map[string][]string, error)

// eachListed asks for each account by itself.
func eachListed(ctx context.Context, accounts []string, list func(context.Context, string) ([]string, error)) (map[string][]string, error) {
	listed := make(map[string][]string, len(accounts))
	for _, account := range accounts {
		names, err := list(ctx, account)
		if err != nil {
			return nil, err
		}
		listed[account] = names
	}
	return listed, nil
}

// listedMailboxes returns each account's own mailboxes as its user sees them listed,
// whatever their indexes are like.
func listedMailboxes(ctx context.Context, server target.Server, accounts []string) (map[string][]string, error) {
	return eachListed(ctx, accounts, func(ctx context.Context, account string) ([]string, error) {
		session, err := server.User().Login(ctx, account)
		if err != nil {
			return nil, err
		}
		defer session.Close() // it was only read from
		names, err := session.List(ctx)
		return slices.DeleteFunc(names, func(name string) bool { return !target.IsOwn(name) }), err
	})
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
