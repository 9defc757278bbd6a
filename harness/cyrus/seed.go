package cyrus

import (
	"context"
	"crypto/rand"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/view"
)

var _ target.Seeder = (*Pair)(nil)

// Seed implements [target.Seeder], by Cyrus's sync protocol. A server logs
// nothing of what it is told so, and replicates it to nobody: both are told.
func (p *Pair) Seed(ctx context.Context, accounts map[string][]target.SeedMailbox) error {
	uidValidity := uint32(time.Now().Unix())
	var tasks []func(context.Context) error
	for _, account := range slices.Sorted(maps.Keys(accounts)) {
		mailboxes := make([]view.SeedMailbox, len(accounts[account]))
		for i, m := range accounts[account] {
			mailboxes[i] = view.SeedMailbox{Name: m.Name, UniqueID: newUniqueID(), UIDValidity: uidValidity, Messages: m.Messages}
		}
		for _, s := range p.servers {
			tasks = append(tasks, func(ctx context.Context) error { return s.view.Seed(ctx, account, mailboxes) })
		}
	}
	return realTime{}.Run(ctx, tasks...)
}

// newUniqueID returns a mailbox's unique ID of the kind that Cyrus makes: 24
// lower-case letters and digits.
func newUniqueID() string { return strings.ToLower(rand.Text())[:24] }
