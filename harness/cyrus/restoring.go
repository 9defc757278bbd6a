package cyrus

import (
	"context"
	"fmt"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

var (
	_ target.ReplicationHolder = operator{}
	_ target.IndexKeeper       = operator{}
	_ target.SyncDialer        = operator{}
)

// HoldReplication implements [target.ReplicationHolder]: sync_client is stopped
// (SIGSTOP), where there is one. The master process does not start another.
func (o operator) HoldReplication(ctx context.Context, name target.ServerName) error {
	return o.signalSyncClient(ctx, name, "STOP")
}

// ReleaseReplication implements [target.ReplicationHolder].
func (o operator) ReleaseReplication(ctx context.Context, name target.ServerName) error {
	return o.signalSyncClient(ctx, name, "CONT")
}

func (o operator) signalSyncClient(ctx context.Context, name target.ServerName, signal string) error {
	if _, err := o.pair.engine.exec(ctx, o.pair.server(name).id, "", "sh", "-euc", signalScript, "signal.sh", "sync_client", signal); err != nil {
		return fmt.Errorf("sending SIG%s to sync_client on %s: %w", signal, name, err)
	}
	return nil
}

// KeepIndex implements [target.IndexKeeper].
func (o operator) KeepIndex(ctx context.Context, name target.ServerName, account, mailbox string) (string, error) {
	s := o.pair.server(name)
	folder, err := s.folder(ctx, account, mailbox)
	if err != nil {
		return "", err
	}
	said, err := s.pair.engine.exec(ctx, s.id, "cyrus", layout.KeepIndexCommand(folder)...)
	if err != nil {
		return "", fmt.Errorf("keeping the index of %s of %s on %s: %w", mailbox, account, name, err)
	}
	return strings.TrimSpace(string(said)), nil
}

// DialSync implements [target.SyncDialer].
func (o operator) DialSync(ctx context.Context, name target.ServerName) (target.SyncConversation, error) {
	return o.pair.server(name).view.DialSync(ctx)
}
