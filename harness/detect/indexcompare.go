package detect

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// IndexCompare compares two servers' indexes record by record, tombstones
// included, and says for each difference which side is right as far as the
// index tells. Of running servers it holds no more records than differ. UIDs mean the same on both sides only while one of them
// replicates to the other: after a promotion it must be given the freeze.
type IndexCompare struct{}

// Name implements [Detector].
func (IndexCompare) Name() string { return "index-compare" }

// Doc implements [Detector].
func (IndexCompare) Doc() string {
	return "compares mailboxes, records and tombstones of both indexes, account by account"
}

// Promise implements [Detector].
func (IndexCompare) Promise() Promise {
	return atOnce(
		target.MessageMissing, target.ExpungeMissing, target.TombstoneMissing, target.GUIDDiffers,
		target.FlagsDiffer, target.DateDiffers, target.ModSeqDiffers, target.UIDValidityDiffers,
		target.UniqueIDDiffers, target.MailboxMissing, target.MailboxNameDiffers, target.DeletionMissing,
		target.ACLDiffers, target.AnnotationsDiffer, target.QuotaRootDiffers, target.QuotaDiffers,
		target.SubscriptionDiffers, target.ScriptDiffers, target.SeenDiffers, target.LastUIDDiffers)
}

// Detect implements [Detector]. Accounts are compared side by side; findings
// come in the order of accounts, mailboxes and UIDs.
func (d IndexCompare) Detect(ctx context.Context, scene Scene) ([]Finding, error) {
	if len(scene.Sides) != 2 {
		return nil, errNeedsTwo
	}
	found, err := scene.settled(ctx, func(ctx context.Context, some Scene) ([]Finding, error) {
		listed := some.listedAlike(ctx)
		return some.eachAccount(ctx, d.Name(), func(ctx context.Context, account string) ([]Finding, error) {
			snaps, unread, err := bothIndexes(ctx, scene, account, listed[account])
			if err != nil || len(unread) > 0 {
				return unread, err
			}
			c := accountPair{snaps: snaps, master: scene.Master}
			seen, err := c.compareSeen(ctx, scene)
			return append(c.compare(), seen...), err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("comparing the indexes of %s and %s: %w", scene.Sides[0].Name(), scene.Sides[1].Name(), err)
	}
	return found, nil
}

// bothSides is [Scene.snapshots] of a scene of two sides.
func bothSides(ctx context.Context, scene Scene, account string, level target.Level) (snaps [2]target.Snapshot, unread []Finding, err error) {
	both, unread, err := scene.snapshots(ctx, account, level)
	return [2]target.Snapshot(both), unread, err
}

// compare holds the two snapshots of one account against each other. Mailboxes are the
// same by unique ID, or else by name: a renamed one is not a missing one.
func (c accountPair) compare() []Finding {
	var found []Finding
	for _, boxes := range c.pairs() {
		switch {
		case boxes[0] == nil:
			found = append(found, c.oneSided(1, *boxes[1])...)
		case boxes[1] == nil:
			found = append(found, c.oneSided(0, *boxes[0])...)
		default:
			pair := mailboxPair{
				at: target.Place{Account: c.snaps[0].Account, Mailbox: c.nameOf(boxes)}, master: c.master,
				servers: [2]target.ServerName{c.snaps[0].Server, c.snaps[1].Server}, mailboxes: [2]target.Mailbox{*boxes[0], *boxes[1]},
			}
			found = append(found, pair.compare()...)
		}
	}
	return append(found, c.compareMeta()...)
}

// oneSided is a finding about one server, whose other side is believed right.
func oneSided(at target.Place, kind target.Kind, wrong, right target.ServerName, evidence string) Finding {
	at.Server = wrong
	return Finding{Kind: kind, Place: at, Right: right, Evidence: evidence}
}

func (c accountPair) compareMeta() []Finding {
	var found []Finding
	a, b := c.snaps[0].Meta, c.snaps[1].Meta
	differs := func(kind target.Kind, script, inA, inB string) {
		if inA != inB {
			found = append(found, c.differs(kind, target.Place{Script: script}, fmt.Sprintf(
				"%s has [%s], %s has [%s]", c.snaps[0].Server, inA, c.snaps[1].Server, inB)))
		}
	}
	differs(target.SubscriptionDiffers, "", strings.Join(a.Subscriptions, ", "), strings.Join(b.Subscriptions, ", "))
	differs(target.QuotaDiffers, "", target.FormatQuota(a), target.FormatQuota(b))
	for _, name := range names(slices.Concat(a.Scripts, b.Scripts), func(s target.Script) string { return s.Name }) {
		differs(target.ScriptDiffers, name, scriptByName(a, name), scriptByName(b, name))
	}
	return found
}

// wrongSide is the server that is not the master; the second one where nobody
// knows.
func wrongSide(first, second, master target.ServerName) target.ServerName {
	if master == second {
		return first
	}
	return second
}

// names returns what each of the things is called, in order and once.
func names[T any](things []T, name func(T) string) []string {
	var all []string
	for _, thing := range things {
		all = append(all, name(thing))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// scriptByName describes a script so that two of them can be compared.
func scriptByName(meta target.Meta, name string) string {
	for _, s := range meta.Scripts {
		if s.Name != name {
			continue
		}
		if s.Active {
			return fmt.Sprintf("%.12s, active", s.GUID)
		}
		return fmt.Sprintf("%.12s, not active", s.GUID)
	}
	return "no such script"
}
