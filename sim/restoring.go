package sim

import (
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

var (
	_ target.ReplicationHolder = operator{}
	_ target.IndexKeeper       = operator{}
)

// HoldReplication implements [target.ReplicationHolder]: sync_client is stopped
// (SIGSTOP), where there is one.
func (o operator) HoldReplication(ctx context.Context, name target.ServerName) error {
	return o.signalSyncClient(ctx, name, saboteur(o).Suspend)
}

// ReleaseReplication implements [target.ReplicationHolder].
func (o operator) ReleaseReplication(ctx context.Context, name target.ServerName) error {
	return o.signalSyncClient(ctx, name, saboteur(o).Resume)
}

func (o operator) signalSyncClient(ctx context.Context, name target.ServerName, signal func(context.Context, target.ServerName, string) (target.Evidence, error)) error {
	if o.pair.server(name).process(syncClientName) == nil {
		return nil
	}
	_, err := signal(ctx, name, syncClientName)
	return err
}

// KeepIndex implements [target.IndexKeeper].
func (o operator) KeepIndex(ctx context.Context, name target.ServerName, account, mailbox string) (string, error) {
	if err := o.pair.takes(ctx, execTime); err != nil {
		return "", err
	}
	s := o.pair.server(name)
	e := s.disk.list.owned(account, mailbox)
	if e == nil {
		return "", fmt.Errorf("keeping the index of %s of %s on %s: there is no such mailbox", mailbox, account, name)
	}
	f := s.disk.folder(e)
	if f == nil {
		return "", nil // there is nothing that could be rebuilt from, either
	}
	if s.disk.kept == nil {
		s.disk.kept = map[string]*folder{}
	}
	where := fmt.Sprintf("kept/%s.%d", e.uniqueID, len(s.disk.kept)+1)
	s.disk.kept[where] = f.clone()
	o.pair.tracef("%s keeps the index of %s as %s", name, e.name, where)
	return where, nil
}
