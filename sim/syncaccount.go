package sim

import (
	"maps"

	"github.com/cyrdrill/cyrdrill/harness/canary"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// user brings all of an account up to the master's.
func (c *replication) user(account string) error {
	const tries = 3
	for range tries {
		there, err := c.replica.getUser(account)
		if err != nil {
			return err
		}
		root := c.master.disk.list.owned(account, inbox)
		if root == nil {
			c.master.logf("sync_client: Does not exist locally %s", account)
			return nil
		}
		if err := c.master.visit(root).syncError(syncClientName); err != nil {
			return err
		}
		var names []string
		for _, e := range c.master.disk.list.ofAccount(account) {
			if e.kind != entrySieve || !c.master.pair.version.scriptsApart {
				names = append(names, e.name)
			}
		}
		if err = c.folders(names, there, true); err == syncAgain {
			continue
		}
		if err != nil {
			c.master.logf("sync_client: IOERROR: user replication failed error=<%v> userid=<%s>", err, account)
			return err
		}
		if err := c.quota(account); err != nil {
			return err
		}
		return c.meta(account)
	}
	c.master.logf("sync_client: failed to sync user %s after 3 tries", account)
	return syncChanged
}

// meta brings what is none of its mailboxes' up to the master's.
func (c *replication) meta(account string) error {
	ours, ok := c.master.disk.accounts[account]
	if !ok {
		return nil
	}
	if c.master.pair.version.scriptsApart {
		c.scripts(account)
	}
	theirs := c.replica.disk.account(account)
	theirs.subscriptions = maps.Clone(ours.subscriptions)
	theirs.hasSubs = theirs.hasSubs || len(ours.subscriptions) > 0
	for _, uniqueID := range names(ours.seen) {
		if err := c.seen(account, uniqueID); err != nil {
			return err
		}
	}
	return nil
}

// seen brings what the account has seen of one mailbox up to the master's. A
// database that cannot be read is the end of sync_server.
func (c *replication) seen(account, uniqueID string) error {
	theirs := c.replica.disk.account(account)
	if theirs.seenBroken {
		return c.replica.syncServerDies(fatalSeen)
	}
	if e := c.replica.disk.list.findID(uniqueID); e != nil && c.master.pair.planted.Is(canary.SeenMixedUp) {
		theirs = c.replica.disk.account(e.owner())
	}
	theirs.seen[uniqueID] = c.master.disk.account(account).seen[uniqueID]
	return nil
}

// subscription brings one subscription up to the master's.
func (c *replication) subscription(account, mailbox string) {
	theirs := c.replica.disk.account(account)
	if c.master.disk.account(account).subscriptions[mailbox] {
		theirs.subscriptions[mailbox], theirs.hasSubs = true, true
	} else {
		delete(theirs.subscriptions, mailbox)
	}
}

// quota brings the account's quota root up to the master's.
func (c *replication) quota(account string) error {
	ours, theirs := c.master.disk.account(account), c.replica.disk.account(account)
	if c.master.pair.planted.Is(canary.QuotaUnsent) {
		return nil
	}
	rooted := theirs.quotaRoot == ours.quotaRoot
	theirs.quotaKiB = ours.quotaKiB
	if ours.quotaRoot == "" {
		theirs.quotaKiB = target.NoQuota
	}
	if rooted {
		return nil
	}
	if !c.replica.headerFits(serviceSync) {
		theirs.quotaRoot = ours.quotaRoot // and no mailbox is under it, which a second try takes for done
		return syncAborted
	}
	c.replica.setQuotaRoot(account, ours.quotaRoot)
	return nil
}

// unmailbox deletes on the replica what the master has deleted for good.
func (c *replication) unmailbox(name string) error {
	if c.master.disk.list.find(name) != nil {
		return nil
	}
	if old := c.master.disk.list.any(name); old == nil {
		c.master.logf("sync_client: SYNCNOTICE: attempt to UNMAILBOX without a tombstone mailbox=<%s>", name)
		return nil
	}
	if err := c.replica.applyUnmailbox(name); err != nil && err != error(syncNonexistent) {
		return err
	}
	return nil
}

// unuser removes the account on the replica, unless the master has it again.
func (c *replication) unuser(account string) error {
	if c.master.disk.list.owned(account, inbox) != nil {
		return nil
	}
	return c.replica.applyUnuser(account)
}
