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
// index tells. UIDs mean the same on both sides only while one of them
// replicates to the other: after a promotion it must be given the freeze.
type IndexCompare struct{}

// Name implements [Detector].
func (IndexCompare) Name() string { return "index-compare" }

// Doc implements [Detector].
func (IndexCompare) Doc() string {
	return "compares mailboxes, records and tombstones of both indexes, account by account"
}

// Claims implements [Detector].
func (IndexCompare) Claims() []target.Kind {
	return []target.Kind{
		target.MessageMissing, target.ExpungeMissing, target.TombstoneMissing, target.GUIDDiffers,
		target.FlagsDiffer, target.DateDiffers, target.ModSeqDiffers, target.UIDValidityDiffers,
		target.UniqueIDDiffers, target.MailboxMissing, target.ACLDiffers, target.QuotaRootDiffers, target.SubscriptionDiffers,
		target.ScriptDiffers,
	}
}

// Detect implements [Detector]. Accounts are compared side by side; findings
// come in the order of accounts, mailboxes and UIDs.
func (d IndexCompare) Detect(ctx context.Context, scene Scene) ([]Finding, error) {
	found := make([][]Finding, len(scene.Accounts))
	tasks := make([]func(context.Context) error, len(scene.Accounts))
	for i, account := range scene.Accounts {
		tasks[i] = func(ctx context.Context) error {
			snaps, err := bothSides(ctx, scene, account)
			if err != nil {
				return err
			}
			found[i] = compareAccount(snaps)
			return nil
		}
	}
	if err := scene.Executor.Run(ctx, tasks...); err != nil {
		return nil, fmt.Errorf("comparing the indexes of %s and %s: %w", scene.Sides[0].Name(), scene.Sides[1].Name(), err)
	}
	now := scene.Clock.Now()
	all := slices.Concat(found...)
	for i := range all {
		all[i].Detector, all[i].FoundAt = d.Name(), now
	}
	return all, nil
}

func bothSides(ctx context.Context, scene Scene, account string) ([2]target.Snapshot, error) {
	var snaps [2]target.Snapshot
	take := func(side int) func(context.Context) error {
		return func(ctx context.Context) (err error) {
			snaps[side], err = scene.Sides[side].Snapshot(ctx, account, target.LevelIndex)
			return err
		}
	}
	err := scene.Executor.Run(ctx, take(0), take(1))
	return snaps, err
}

// compareAccount holds two snapshots of one account against each other.
func compareAccount(snaps [2]target.Snapshot) []Finding {
	var found []Finding
	for _, name := range mailboxNames(snaps) {
		a, okA := snaps[0].Mailbox(name)
		b, okB := snaps[1].Mailbox(name)
		at := target.Place{Account: snaps[0].Account, Mailbox: name}
		switch {
		case !okA:
			found = append(found, oneSided(at, target.MailboxMissing, snaps[0].Server, snaps[1].Server, "the other side has the mailbox"))
		case !okB:
			found = append(found, oneSided(at, target.MailboxMissing, snaps[1].Server, snaps[0].Server, "the other side has the mailbox"))
		default:
			pair := mailboxPair{at: at, servers: [2]target.ServerName{snaps[0].Server, snaps[1].Server}, mailboxes: [2]target.Mailbox{a, b}}
			found = append(found, pair.compare()...)
		}
	}
	return append(found, compareMeta(snaps)...)
}

func mailboxNames(snaps [2]target.Snapshot) []string {
	var names []string
	for _, snap := range snaps {
		for _, m := range snap.Mailboxes {
			names = append(names, m.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// oneSided is a finding about one server, whose other side is believed right.
func oneSided(at target.Place, kind target.Kind, wrong, right target.ServerName, evidence string) Finding {
	at.Server = wrong
	return Finding{Kind: kind, Place: at, Right: right, Evidence: evidence}
}

func compareMeta(snaps [2]target.Snapshot) []Finding {
	var found []Finding
	at := target.Place{Server: snaps[1].Server, Account: snaps[0].Account}
	a, b := snaps[0].Meta, snaps[1].Meta
	if !slices.Equal(a.Subscriptions, b.Subscriptions) {
		found = append(found, Finding{Kind: target.SubscriptionDiffers, Place: at, Evidence: fmt.Sprintf(
			"%s has [%s], %s has [%s]", snaps[0].Server, strings.Join(a.Subscriptions, ", "), snaps[1].Server, strings.Join(b.Subscriptions, ", "))})
	}
	for _, name := range scriptNames(a, b) {
		inA, inB := scriptByName(a, name), scriptByName(b, name)
		if inA != inB {
			at := at
			at.Script = name
			found = append(found, Finding{Kind: target.ScriptDiffers, Place: at, Evidence: fmt.Sprintf(
				"%s has %s, %s has %s", snaps[0].Server, inA, snaps[1].Server, inB)})
		}
	}
	return found
}

func scriptNames(metas ...target.Meta) []string {
	var names []string
	for _, meta := range metas {
		for _, s := range meta.Scripts {
			names = append(names, s.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
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
