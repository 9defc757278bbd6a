package detect

import (
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// BodyCompare reads every message of both sides as its user would, and holds
// what comes against the digest that the index recorded when it was stored. No
// index, checksum of an index, or tool of Cyrus's tells of a message file that
// has gone bad.
type BodyCompare struct{}

// Name implements [Detector].
func (BodyCompare) Name() string { return "body-compare" }

// Doc implements [Detector].
func (BodyCompare) Doc() string {
	return "reads every message as its user would, and compares it with the digest in the index"
}

// Promise implements [Detector].
func (BodyCompare) Promise() Promise { return atOnce(target.BodyDiffers) }

// Detect implements [Detector].
func (d BodyCompare) Detect(ctx context.Context, scene Scene) ([]Finding, error) {
	if _, err := scene.servers(); err != nil {
		return nil, err
	}
	return scene.eachSettled(ctx, d.Name(), func(ctx context.Context, account string) ([]Finding, error) {
		snaps, unread, err := scene.snapshots(ctx, account, target.LevelBody)
		if err != nil || len(unread) > 0 {
			return unread, err
		}
		var found []Finding
		for i, snap := range snaps {
			found = append(found, badBodies(snap, snaps[len(snaps)-1-i])...)
		}
		return found, nil
	})
}

// badBodies lists the messages of one side that are not what its index says.
// The other side is believed right where it gives what its index says.
func badBodies(snap, other target.Snapshot) []Finding {
	good := map[string]bool{}
	for _, m := range other.Mailboxes {
		for _, r := range m.Live() {
			good[r.GUID] = good[r.GUID] || r.BodySHA1 == r.GUID
		}
	}
	var found []Finding
	for _, m := range snap.Mailboxes {
		for _, r := range m.Live() {
			if r.BodySHA1 == r.GUID {
				continue
			}
			f := Finding{
				Kind:     target.BodyDiffers,
				Place:    target.Place{Server: snap.Server, Account: snap.Account, Mailbox: m.Name, UID: r.UID, GUID: r.GUID},
				Evidence: fmt.Sprintf("the index recorded SHA-1 %.12s, and what its user gets has %.12s", r.GUID, r.BodySHA1),
			}
			if good[r.GUID] && other.Server != snap.Server {
				f.Right = other.Server
			}
			found = append(found, f)
		}
	}
	return found
}
