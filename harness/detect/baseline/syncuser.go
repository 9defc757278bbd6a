package baseline

import (
	"context"
	"errors"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// SyncUser runs sync_client -u for each account and takes its exit status for the answer.
// It heals part of what it would have had to tell of and says nothing of that, may copy the
// damage of a replica to the master, and ends with 0 on whatever it does not compare:
// message files, records with swapped GUIDs, compiled scripts.
type SyncUser struct{ Operator target.Operator }

// Name implements [detect.Detector].
func (SyncUser) Name() string { return "baseline-sync-user" }

// Doc implements [detect.Detector].
func (SyncUser) Doc() string {
	return "runs sync_client -u for each account, and takes its exit status for the answer"
}

// Promise implements [detect.Detector].
func (SyncUser) Promise() detect.Promise {
	return detect.Promise{Kinds: []target.Kind{target.ReplicaBehind}, Rounds: 1, Probability: 1}
}

// Alters implements [Alterer]: it sends what differs.
func (SyncUser) Alters() bool { return true }

// Detect implements [detect.Detector]. It is run on the scene's master, account by account.
func (d SyncUser) Detect(ctx context.Context, scene detect.Scene) ([]detect.Finding, error) {
	if scene.Master == "" {
		return nil, errors.New("sync_client -u is run on the master, and nobody knows which that is")
	}
	return scene.EachAccount(ctx, d.Name(), func(ctx context.Context, account string) ([]detect.Finding, error) {
		status, err := d.Operator.SyncUser(ctx, scene.Master, account)
		evidence := fmt.Sprintf("sync_client -u ended with %d", status)
		var late *target.TimeoutError
		switch {
		case errors.As(err, &late):
			evidence = fmt.Sprintf("sync_client -u had not ended within %s", late.Within)
		case err != nil:
			return nil, fmt.Errorf("running sync_client -u %s on %s: %w", account, scene.Master, err)
		case status == 0:
			return nil, nil
		}
		at := target.Place{Server: scene.Master.Other(), Account: account}
		return []detect.Finding{{Kind: target.ReplicaBehind, Place: at, Right: scene.Master, Evidence: evidence}}, nil
	})
}
