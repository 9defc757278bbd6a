package detect

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// BodySample is [BodyCompare] of a share of all messages, which costs no more than that
// share. Each look draws another part: the same messages on both sides, by their GUIDs.
type BodySample struct {
	Share float64 // of all messages: 0.1 is every tenth
	Seed  uint64  // of what is drawn, with the time of the look
}

// Name implements [Detector].
func (BodySample) Name() string { return "body-sample" }

// Doc implements [Detector].
func (d BodySample) Doc() string {
	return fmt.Sprintf("reads some messages as their users would (%g of them, others at each look), and compares them with the digests in the index", d.Share)
}

// Promise implements [Detector].
func (d BodySample) Promise() Promise {
	p := atOnce(target.BodyDiffers)
	p.Probability = d.Share
	return p
}

// Detect implements [Detector].
func (d BodySample) Detect(ctx context.Context, scene Scene) ([]Finding, error) {
	servers, err := scene.servers()
	if err != nil {
		return nil, err
	}
	look := uint64(scene.Clock.Now().UnixNano())
	drawn := func(guid string) bool { return d.draws(guid, look) }
	return scene.eachAccount(ctx, d.Name(), func(ctx context.Context, account string) ([]Finding, error) {
		return scene.sure(ctx, func(ctx context.Context) ([]Finding, error) {
			snaps := make([]target.Snapshot, len(servers))
			for i, server := range servers {
				var err error
				if snaps[i], err = sampleOf(ctx, server, account, drawn); err != nil {
					return nil, fmt.Errorf("reading some of the mail of %s on %s: %w", account, server.Name(), err)
				}
			}
			var found []Finding
			for i, snap := range snaps {
				found = append(found, badBodies(snap, snaps[len(snaps)-1-i])...)
			}
			return found, nil
		})
	})
}

// draws says whether a look takes the message of that GUID. The GUID is as good as
// random, and seed and time say where in what it leads to the draw is.
func (d BodySample) draws(guid string, look uint64) bool {
	const digits = 16 // of a GUID that fit into a number
	if len(guid) < digits {
		return true // no GUID at all: such a message is worth the look
	}
	number, err := strconv.ParseUint(guid[:digits], 16, 64)
	return err != nil || rand.New(rand.NewPCG(d.Seed^look, number)).Float64() < d.Share
}

// sampleOf returns the account's state with those messages alone that are drawn, and
// the digests of what their user gets of them. A mailbox that cannot be opened is left
// out: that is for [Access] to tell.
func sampleOf(ctx context.Context, server target.Server, account string, drawn func(guid string) bool) (target.Snapshot, error) {
	snap := target.Snapshot{Server: server.Name(), Account: account, Level: target.LevelBody}
	mailboxes, err := readable(ctx, server, account)
	if err != nil || len(mailboxes) == 0 { // a login could make a mailbox where there is none
		return snap, err
	}
	session, err := target.LoginToLook(ctx, server, account)
	if err != nil {
		return snap, err
	}
	defer session.Close() // it was only read from
	for _, name := range slices.Sorted(maps.Keys(mailboxes)) {
		m := mailboxes[name]
		m.Records, err = readSome(ctx, session, m, drawn)
		var refused *target.RefusedError
		if errors.As(err, &refused) && refused.Status == "NO" {
			continue
		}
		if err != nil {
			return snap, err
		}
		snap.Mailboxes = append(snap.Mailboxes, m)
	}
	return snap, nil
}

// readSome returns the mailbox's messages that are drawn, with their digests.
func readSome(ctx context.Context, session target.Session, m target.Mailbox, drawn func(guid string) bool) ([]target.Record, error) {
	var some []target.Record
	var uids []uint32
	for _, r := range m.Live() {
		if drawn(r.GUID) {
			r.BodySHA1 = target.NoBody
			some, uids = append(some, r), append(uids, r.UID)
		}
	}
	if len(uids) == 0 {
		return nil, nil
	}
	got := make(map[uint32]string, len(uids))
	err := target.DigestedBodies(ctx, session, m.Name, uids, func(uid uint32, _ []byte, sha1 string) error {
		got[uid] = sha1
		return nil
	})
	for i := range some {
		if sha1, ok := got[some[i].UID]; ok {
			some[i].BodySHA1 = sha1
		}
	}
	return some, err
}
