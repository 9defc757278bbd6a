package detect

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// progress watches replication from one look to the next. Under traffic there is always
// something that waits; what matters is whether it is the same.
type progress struct {
	master, replica target.Server
	accounts        []string
	log             target.SyncLog // as last seen
	blind           bool           // nobody can read it
	moved           bool           // a batch was taken or done while it was watched, or a part of one has arrived
	looks           int
	first, copied   map[string][]target.Mailbox // the master's and the replica's mailboxes at the first look
}

// look says whether nothing waits, and the replica lacks nothing.
func (p *progress) look(ctx context.Context) (even bool, err error) {
	if err := p.follow(ctx); err != nil {
		return false, err
	}
	if p.first == nil {
		if p.first, err = p.mailboxes(ctx, p.master, nil); err != nil {
			return false, err
		}
	}
	if p.log.Pending() > 0 {
		return false, nil
	}
	behind, err := p.behind(ctx)
	return err == nil && len(behind) == 0, err
}

// follow looks at the sync log. Of a master whose log nobody can read, all that is seen
// of replication is what arrives.
func (p *progress) follow(ctx context.Context) error {
	log, err := p.master.Host().SyncLog(ctx)
	if unsupported := (*target.UnsupportedError)(nil); errors.As(err, &unsupported) {
		if p.looks++; p.looks == 1 {
			p.blind, p.copied = true, p.copies(ctx)
		}
		return nil
	}
	if err != nil {
		return err
	}
	if p.looks++; p.looks > 1 {
		p.moved = p.moved || movedOn(p.log, log)
	} else if log.Pending() > 0 {
		p.copied = p.copies(ctx)
	}
	p.log = log
	return nil
}

// copies returns the replica's mailboxes; nil where they cannot be read.
func (p *progress) copies(ctx context.Context) map[string][]target.Mailbox {
	all, err := p.mailboxes(ctx, p.replica, nil)
	if err != nil {
		return nil // whoever compares the two sides fails of it
	}
	return all
}

// arrived looks whether the replica has changed since the first look: a large batch is in
// work for a while, and the log stays as it is until its end.
func (p *progress) arrived(ctx context.Context) {
	if p.moved || p.copied == nil {
		return
	}
	copied := p.copies(ctx)
	p.moved = copied != nil && !maps.EqualFunc(p.copied, copied, func(a, b []target.Mailbox) bool {
		return slices.EqualFunc(a, b, func(a, b target.Mailbox) bool {
			return a.UniqueID == b.UniqueID && !lacks(a, b, true) && !lacks(b, a, true)
		})
	})
}

// movedOn says whether sync_client has taken or done a batch between two looks: until
// then the log only grows, and the batch in work stays what it is.
func movedOn(before, now target.SyncLog) bool {
	if !slices.Equal(before.InWork.Entries, now.InWork.Entries) {
		return true
	}
	grown := len(now.Current.Entries) >= len(before.Current.Entries) &&
		slices.Equal(before.Current.Entries, now.Current.Entries[:len(before.Current.Entries)])
	return !grown
}

// mailboxes returns each account's, and tells of the accounts whose index the server
// cannot read where unread is given.
func (p *progress) mailboxes(ctx context.Context, server target.Server, unread map[string]Finding) (map[string][]target.Mailbox, error) {
	all := map[string][]target.Mailbox{}
	for _, account := range p.accounts {
		mailboxes, err := server.Index().Mailboxes(ctx, account)
		if f, refused := unreadableIndex(server, account, err); refused {
			if unread != nil {
				unread[account] = f
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		all[account] = mailboxes
	}
	return all, nil
}

// behind tells by account how far the replica is behind, by the indexes' counters
// alone: behind what the master has now, and behind what it had at the first look as
// well, for what came since may be on its way. An account whose index a server cannot
// read is told of too.
func (p *progress) behind(ctx context.Context) ([]Finding, error) {
	unread := map[string]Finding{}
	replica, err := p.mailboxes(ctx, p.replica, unread)
	if err != nil {
		return nil, err
	}
	now, err := p.mailboxes(ctx, p.master, unread)
	if err != nil {
		return nil, err
	}
	var found []Finding
	for _, account := range p.accounts {
		if f, ok := unread[account]; ok {
			found = append(found, f)
			continue
		}
		if how := lag(p.first[account], now[account], replica[account]); how != "" {
			found = append(found, Finding{
				Kind: target.ReplicaBehind, Place: target.Place{Server: p.replica.Name(), Account: account}, Right: p.master.Name(), Evidence: how,
			})
		}
	}
	return found, nil
}

// unreadableIndex makes a finding of a server's no to a look at an account's
// index: one damaged record is enough for it to die of each such look.
func unreadableIndex(server target.Server, account string, err error) (Finding, bool) {
	var nobody *target.UnreachableError
	if err == nil || target.OutcomeOf(err) != target.Refused || errors.As(err, &nobody) {
		return Finding{}, false
	}
	return Finding{
		Kind: target.MailboxUnreadable, Place: target.Place{Server: server.Name(), Account: account},
		Evidence: fmt.Sprintf("its index cannot be read: %s", err),
	}, true
}

// lag says how far one account's copy is behind both of two states; empty: not at all.
func lag(first, now, copied []target.Mailbox) string {
	mailboxes, messages := 0, uint32(0)
	for _, m := range now {
		before, knew := byID(first, m.UniqueID)
		c, has := byID(copied, m.UniqueID)
		if knew && lacks(m, c, has) && lacks(before, c, has) && !renamedSince(before, m, c) {
			mailboxes++
			messages += m.LastUID - min(c.LastUID, m.LastUID)
		}
	}
	if mailboxes == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d mailboxes are behind, by %d messages", mailboxes, len(now), messages)
}

// lacks says whether a copy is not up to a mailbox's state.
func lacks(m, c target.Mailbox, has bool) bool {
	return !has || c.HighestModSeq < m.HighestModSeq || c.LastUID < m.LastUID || c.Name != m.Name
}

// renamedSince says whether a copy differs from an earlier state of a mailbox by no more
// than a name that was given since: by the one that the mailbox has now, or by any, if the
// copy is ahead of that state, for a rename raises HIGHESTMODSEQ.
func renamedSince(before, now, c target.Mailbox) bool {
	if before.Name == now.Name || c.Name != now.Name && c.HighestModSeq <= before.HighestModSeq {
		return false
	}
	before.Name = c.Name
	return !lacks(before, c, true)
}

func byID(mailboxes []target.Mailbox, id string) (target.Mailbox, bool) {
	i := slices.IndexFunc(mailboxes, func(m target.Mailbox) bool { return m.UniqueID == id })
	if i < 0 {
		return target.Mailbox{}, false
	}
	return mailboxes[i], true
}
