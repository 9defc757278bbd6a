package restore

import (
	"context"
	"fmt"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/restore/journal"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// UnsafeError says that a restore was not begun, because it could harm the side that
// is right.
type UnsafeError struct{ Why string }

func (e *UnsafeError) Error() string { return e.Why + "; nothing was touched" }

// peer returns the other server, if it is still in the pair: then replication may
// carry to it what is done to the serving one, or bring back what is undone.
func (s Scene) peer() (target.ServerName, bool) {
	if s.Role == nil {
		return "", false
	}
	other := s.Serving.Name().Other()
	if s.Rescued != nil { // servers in the field have names of their own
		other = s.Rescued.Name()
	}
	role := s.Role(other)
	return other, role == target.RoleMaster || role == target.RoleReplica
}

// sender returns which of both sends its changes to the other.
func (s Scene) sender(peer target.ServerName) target.ServerName {
	if s.Role(peer) == target.RoleMaster {
		return peer
	}
	return s.Serving.Name()
}

// guard sees to it that nothing that is done is carried to the good side before all of
// it has been read back, and returns what lets replication go on. Where replication
// cannot be held, or would carry harm as soon as it goes on, it refuses.
func (e *engine) guard(ctx context.Context) (release func() error, err error) {
	release = func() error { return nil }
	if err := e.mayResync(ctx); err != nil {
		return nil, err
	}
	peer, inPair := e.scene.peer()
	if !inPair {
		return release, nil
	}
	for _, a := range e.plan.Actions {
		if a.Act == Reconstruct {
			return nil, &UnsafeError{fmt.Sprintf(
				"%s replicates with %s: what a reconstruct loses of %s of %s (flags, tombstones, messages whose files are gone) would be lost on both; take %s out of the pair first, or send the account anew from the side that is right",
				e.scene.Serving.Name(), peer, a.Mailbox, a.Account, peer)}
		}
	}
	sender := e.scene.sender(peer)
	holder, can := e.scene.Operator.(target.ReplicationHolder)
	if !can {
		return nil, &UnsafeError{fmt.Sprintf("%s replicates with %s, and replication cannot be held from here; stop sync_client on %s", e.scene.Serving.Name(), peer, sender)}
	}
	if err := e.note(journal.Entry{Held: string(sender)}); err != nil {
		return nil, err
	}
	if err := holder.HoldReplication(ctx, sender); err != nil {
		return nil, fmt.Errorf("holding replication: %w", err)
	}
	e.held = sender
	return func() error {
		if err := holder.ReleaseReplication(context.WithoutCancel(ctx), sender); err != nil {
			return fmt.Errorf("replication of %s is held still: %w", sender, err)
		}
		return e.note(journal.Entry{Released: string(sender)})
	}, nil
}

// queuer is an operator that can have an account replicated.
type queuer interface {
	QueueUser(ctx context.Context, server target.ServerName, account string) error
}

// queue lets the serving server replicate the account, where it does so and something was
// put back: what a server is told by the sync protocol it does not log.
func (a *account) queue(ctx context.Context) error {
	told := func(i int) bool {
		act := a.plan.Actions[i].Act
		return (act == PutBack || act == Remake) && a.journal.State(i) == journal.Done
	}
	if a.held != a.scene.Serving.Name() || !slices.ContainsFunc(a.actions, told) {
		return nil
	}
	operator, can := a.scene.Operator.(queuer)
	if !can {
		return fmt.Errorf("sync_client of %s does not know what was put back, and nobody here can tell it: run cyr_synclog -u %s there", a.held, a.name)
	}
	return operator.QueueUser(ctx, a.held, a.name)
}

// ResetUser empties an account on the server that is wrong, so that it can be sent
// anew from the one that is right. It refuses where the server logs for replication:
// sync_reset logs the account's end, and the other side's copy goes with it.
func ResetUser(ctx context.Context, scene Scene, server target.ServerName, account string) error {
	resetter, can := scene.Operator.(target.Resetter)
	switch {
	case !can:
		return &target.UnsupportedError{Target: "this operator", What: "sync_reset"}
	case server == scene.Serving.Name():
		return &UnsafeError{fmt.Sprintf("%s serves users, and sync_reset would take %s away from under them", server, account)}
	case scene.Role == nil || scene.Role(server) == target.RoleMaster:
		return &UnsafeError{fmt.Sprintf("%s may log its changes for replication, and sync_reset of %s would be replicated: the good copy goes with the bad one", server, account)}
	}
	return resetter.ResetUser(ctx, server, account, true)
}

// reconstruct rebuilds a mailbox when a copy of its index lies aside, and adds to the
// freeze what that has left, before its user gets at it.
func (a *account) reconstruct(ctx context.Context, action Action) error {
	keeper, can := a.scene.Operator.(target.IndexKeeper)
	if !can {
		return leftAlone("no copy of its index can be taken from here, so it was not rebuilt")
	}
	where, err := keeper.KeepIndex(ctx, a.scene.Serving.Name(), a.name, action.Mailbox)
	if err != nil {
		return fmt.Errorf("its index is left as it is: %w", err)
	}
	if where != "" {
		if err := a.note(journal.Entry{Kept: where}); err != nil {
			return err
		}
	}
	if _, err := a.scene.Operator.Reconstruct(ctx, a.scene.Serving.Name(), a.name, action.Mailbox); err != nil {
		return err
	}
	return a.noteRebuilt(ctx, action)
}

func (a *account) noteRebuilt(ctx context.Context, action Action) error {
	if a.scene.Freeze == nil {
		return nil
	}
	return a.scene.Freeze.NoteRebuilt(ctx, a.scene.Serving, a.name, action.Mailbox)
}

// rebuiltBefore adds to the freeze what rebuildings have left whose end was never
// written down.
func (a *account) rebuiltBefore(ctx context.Context, done []int) error {
	for _, i := range done {
		if action := a.plan.Actions[i]; action.Act == Reconstruct && a.journal.State(i) == journal.Begun {
			if err := a.noteRebuilt(ctx, action); err != nil {
				return err
			}
		}
	}
	return nil
}
