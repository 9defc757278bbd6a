package detect

import (
	"context"
	"fmt"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// ClientCaches finds mailboxes whose clients may be wrong from now on. The old
// master gave UIDs and modseqs to clients that the new one does not know and
// gives out again: by UIDVALIDITY alone a client cannot tell (RFC 9051, section
// 2.3.1.1), and shows one message for another. Nothing can be restored here, but
// whoever answers for the mailboxes must know which they are.
//
// A mailbox that was deleted on the old master, and that the new one still has, is
// among them: its users may go on using it here, and how far it had come there is
// not known any more.
type ClientCaches struct{}

// Name implements [Detector].
func (ClientCaches) Name() string { return "client-caches" }

// Doc implements [Detector].
func (ClientCaches) Doc() string {
	return "lists mailboxes in which the new master gives UIDs or modseqs out again that clients know from the old one"
}

// Promise implements [Detector].
func (ClientCaches) Promise() Promise { return atOnce(target.ClientCachesWrong) }

// Detect implements [Detector]. The sides must be those of a freeze, or of
// servers of which it is known who was master.
func (d ClientCaches) Detect(ctx context.Context, scene Scene) ([]Finding, error) {
	if len(scene.Sides) != 2 {
		return nil, errNeedsTwo
	}
	return scene.eachSettled(ctx, d.Name(), func(ctx context.Context, account string) ([]Finding, error) {
		snaps, unread, err := bothSides(ctx, scene, account, target.LevelIndex)
		if err != nil || len(unread) > 0 {
			return unread, err
		}
		old, promoted := snaps[0], snaps[1]
		if scene.Master == promoted.Server {
			old, promoted = promoted, old
		}
		return staleCaches(old, promoted), nil
	})
}

func staleCaches(old, promoted target.Snapshot) []Finding {
	var found []Finding
	for _, m := range promoted.Mailboxes {
		var evidence string
		before := byUniqueID(old, m.UniqueID)
		switch {
		case before == nil && slices.Contains(old.Meta.Deleted, m.UniqueID):
			before = &m
			evidence = fmt.Sprintf("its user had deleted it on %s, and clients may know UIDs from before that which %s gives out again if it stays",
				old.Server, promoted.Server)
		case before == nil || before.UIDValidity != m.UIDValidity:
			continue
		case before.LastUID > m.LastUID:
			evidence = fmt.Sprintf("clients of %s know UIDs up to %d, and %s goes on from %d under the same UIDVALIDITY %d",
				old.Server, before.LastUID, promoted.Server, m.LastUID+1, m.UIDValidity)
		case before.HighestModSeq > m.HighestModSeq:
			evidence = fmt.Sprintf("clients of %s know modseqs up to %d, and %s goes on from %d",
				old.Server, before.HighestModSeq, promoted.Server, m.HighestModSeq+1)
		default:
			continue
		}
		for _, name := range slices.Compact([]string{m.Name, before.Name}) { // clients may know it by either
			found = append(found, Finding{
				Kind: target.ClientCachesWrong, Evidence: evidence,
				Place: target.Place{Server: promoted.Server, Account: promoted.Account, Mailbox: name},
			})
		}
	}
	return found
}
