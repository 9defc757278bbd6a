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
//
// Of a server that runs it is asked as well what it tells a client that takes its cache up
// by QRESYNC (RFC 7162), whose cache of the old master is known from that one's index. A
// server that has lost tombstones or changes says nothing of them, and the client goes on
// showing what is not so.
type ClientCaches struct{}

// Name implements [Detector].
func (ClientCaches) Name() string { return "client-caches" }

// Doc implements [Detector].
func (ClientCaches) Doc() string {
	return "lists mailboxes in which clients of the old master are misled: by UIDs or modseqs that the new one gives out again, or by what it tells them by QRESYNC"
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
		found := staleCaches(old, promoted, scene.live(promoted.Server) == nil)
		if server := scene.live(promoted.Server); server != nil {
			asked, err := askAgain(ctx, server, old, promoted, found)
			return append(found, asked...), err
		}
		return found, nil
	})
}

// live returns the running server of that name; nil where the side is what a freeze has
// kept of it.
func (s Scene) live(name target.ServerName) target.Server {
	for _, side := range s.Sides {
		if running, ok := side.(liveSide); ok && side.Name() == name {
			return running.server
		}
	}
	return nil
}

// staleCaches compares the two; frozen, if the promoted one is as it was before it served
// anybody, so that each of its mailboxes came from the old one.
func staleCaches(old, promoted target.Snapshot, frozen bool) []Finding {
	var found []Finding
	for _, m := range promoted.Mailboxes {
		var evidence string
		before := byUniqueID(old, m.UniqueID)
		switch {
		case before == nil && slices.Contains(old.Meta.Deleted, m.UniqueID):
			before = &m
			evidence = fmt.Sprintf("its user had deleted it on %s, and clients may know UIDs from before that which %s gives out again if it stays",
				old.Server, promoted.Server)
		case before == nil && frozen && !isShown(old, m.Name):
			before = &m
			evidence = fmt.Sprintf("%s does not show it, and nobody knows which UIDs its clients know beyond %d", old.Server, m.LastUID)
		case before == nil || before.UIDValidity != m.UIDValidity:
			continue
		case before.LastUID > m.LastUID:
			evidence = fmt.Sprintf("clients of %s know UIDs up to %d, and %s goes on from %d under the same UIDVALIDITY %d",
				old.Server, before.LastUID, promoted.Server, m.LastUID+1, m.UIDValidity)
		case before.HighestModSeq > m.HighestModSeq:
			evidence = fmt.Sprintf("clients of %s know modseqs up to %d, and %s goes on from %d",
				old.Server, before.HighestModSeq, promoted.Server, m.HighestModSeq+1)
		default:
			if evidence = otherMessages(*before, m); evidence == "" {
				continue
			}
		}
		found = append(found, wrongCaches(promoted, m.Name, before.Name, evidence)...)
	}
	return found
}

func isShown(in target.Snapshot, name string) bool {
	_, shown := in.Mailbox(name)
	return shown
}

// otherMessages says of which UID the two mean different messages, as far as their indexes
// go; empty: of none.
func otherMessages(old, promoted target.Mailbox) (evidence string) {
	target.PairRecords(old.Records, promoted.Records, func(a, b *target.Record) {
		if evidence == "" && a != nil && b != nil && !a.Expunged && !b.Expunged && a.GUID != b.GUID {
			evidence = fmt.Sprintf("clients know UID %d as message %.12s, and here it is message %.12s under the same UIDVALIDITY %d",
				a.UID, a.GUID, b.GUID, promoted.UIDValidity)
		}
	})
	return evidence
}

// wrongCaches is about a mailbox by each of its two names: clients may know it by either.
func wrongCaches(promoted target.Snapshot, name, before, evidence string) []Finding {
	var found []Finding
	for _, name := range slices.Compact([]string{name, before}) {
		found = append(found, Finding{
			Kind: target.ClientCachesWrong, Evidence: evidence,
			Place: target.Place{Server: promoted.Server, Account: promoted.Account, Mailbox: name},
		})
	}
	return found
}
