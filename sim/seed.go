package sim

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/mailboxname"
)

var _ target.Seeder = (*Pair)(nil)

// seedTime is about how long one seeded message takes.
const seedTime = time.Millisecond

// Seed implements [target.Seeder]. Nothing of it goes into a sync log.
func (p *Pair) Seed(ctx context.Context, accounts map[string][]target.SeedMailbox) error {
	count := 0
	for _, name := range slices.Sorted(maps.Keys(accounts)) {
		sorted := slices.SortedFunc(slices.Values(accounts[name]), func(a, b target.SeedMailbox) int { return cmp.Compare(a.Name, b.Name) })
		for _, mailbox := range sorted { // parents come first
			if err := p.seedMailbox(name, mailbox); err != nil {
				return fmt.Errorf("seeding %s of %s: %w", mailbox.Name, name, err)
			}
			count += len(mailbox.Messages)
		}
	}
	p.tracef("seeded %d accounts with %d messages", len(accounts), count)
	return p.Sleep(ctx, time.Duration(count)*seedTime)
}

// seedMailbox puts mail into a mailbox of the first server, and copies that to
// the second.
func (p *Pair) seedMailbox(account string, seed target.SeedMailbox) error {
	master, replica := p.servers[0], p.servers[1]
	name := mailboxname.Internal(account, seed.Name)
	role, client := master.role, master.client
	master.role = target.RoleReplica // which logs nothing
	defer func() { master.role, master.client = role, client }()
	e := master.disk.list.find(name)
	if e == nil {
		if master.disk.list.find(parentOf(name)) == nil {
			return fmt.Errorf("there is no mailbox to hold it")
		}
		e = master.create(name, master.inheritedACL(name))
	}
	v := master.visit(e)
	for _, message := range seed.Messages {
		date := int64(v.index().uidValidity)
		if !message.InternalDate.IsZero() {
			date = message.InternalDate.Unix()
		}
		v.add(sentFile(message, date), message.Flags)
	}
	v.leave()
	copied := *e
	replica.disk.list.put(&copied)
	replica.disk.folders.put(e.uniqueID, v.folder.clone())
	ours, theirs := master.disk.account(account), replica.disk.account(account)
	theirs.modSeq, theirs.uidValidity = ours.modSeq, ours.uidValidity
	return nil
}
