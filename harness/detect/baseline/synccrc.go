package baseline

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// SyncCRC compares SYNC_CRC of each mailbox, the checksum by which sync_client itself tells
// whether two sides are equal. It is the cheapest check that there is: one question for
// the names of all mailboxes, and one for the checksums of a hundred accounts. It is an XOR over the records, so what stands in two of them can change
// places unseen; 0 on either side counts as equal; it covers the GUID that is recorded and
// never the message file, and nothing of an ACL, an annotation, a quota, a subscription, a
// script.
type SyncCRC struct{}

// Name implements [detect.Detector].
func (SyncCRC) Name() string { return "baseline-sync-crc" }

// Doc implements [detect.Detector].
func (SyncCRC) Doc() string { return "compares each mailbox's SYNC_CRC, as sync_client does" }

// Promise implements [detect.Detector].
func (SyncCRC) Promise() detect.Promise {
	return detect.Promise{Kinds: []target.Kind{target.MailboxDiffers, target.MailboxMissing}, Rounds: 1, Probability: 1}
}

// Detect implements [detect.Detector].
func (d SyncCRC) Detect(ctx context.Context, scene detect.Scene) ([]detect.Finding, error) {
	servers, err := scene.Servers()
	if err != nil {
		return nil, err
	}
	return scene.TogetherSettled(ctx, d.Name(), func(ctx context.Context, accounts []string) ([]detect.Finding, error) {
		var sides [2]map[string][]target.Mailbox
		tasks := make([]func(context.Context) error, len(servers))
		for i, server := range servers {
			tasks[i] = func(ctx context.Context) (err error) {
				sides[i], err = headersOf(ctx, scene.Executor, server, accounts)
				return err
			}
		}
		if err := scene.Executor.Run(ctx, tasks...); err != nil {
			return nil, err
		}
		var found []detect.Finding
		for _, account := range accounts {
			found = append(found, crcPair{
				account: account, names: [2]target.ServerName{servers[0].Name(), servers[1].Name()}, master: scene.Master,
				sides: [2][]target.Mailbox{sides[0][account], sides[1][account]},
			}.compare()...)
		}
		return found, nil
	})
}

// crcPair is one account's mailboxes on two sides.
type crcPair struct {
	account string
	names   [2]target.ServerName
	sides   [2][]target.Mailbox
	master  target.ServerName
}

func (c crcPair) compare() []detect.Finding {
	var found []detect.Finding
	for has, side := range c.sides {
		for _, m := range side {
			other, there := named(c.sides[1-has], m.Name)
			switch {
			case !there:
				f := c.finding(target.MailboxMissing, 1-has, m.Name, fmt.Sprintf("sync_server tells of it on %s alone", c.names[has]))
				found = append(found, f)
			case has == 0 && crcDiffers(m.SyncCRC, other.SyncCRC):
				wrong := 1
				if c.master == c.names[1] {
					wrong = 0
				}
				f := c.finding(target.MailboxDiffers, wrong, m.Name, fmt.Sprintf("SYNC_CRC is %s on %s and %s on %s", m.SyncCRC, c.names[0], other.SyncCRC, c.names[1]))
				found = append(found, f)
			}
		}
	}
	slices.SortStableFunc(found, func(a, b detect.Finding) int { return strings.Compare(a.Mailbox, b.Mailbox) })
	return found
}

// finding believes the master right, except about a mailbox that it lacks.
func (c crcPair) finding(kind target.Kind, wrong int, mailbox, evidence string) detect.Finding {
	f := detect.Finding{Kind: kind, Evidence: evidence, Place: target.Place{Server: c.names[wrong], Account: c.account, Mailbox: mailbox}}
	if c.master == c.names[1-wrong] {
		f.Right = c.master
	}
	return f
}

// crcDiffers compares as Cyrus does: a checksum of 0 is one that nobody knows.
func crcDiffers(a, b string) bool { return a != b && a != "0" && b != "0" && a != "" && b != "" }

func named(mailboxes []target.Mailbox, name string) (target.Mailbox, bool) {
	for _, m := range mailboxes {
		if m.Name == name {
			return m, true
		}
	}
	return target.Mailbox{}, false
}
