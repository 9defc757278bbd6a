package detect

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// client is a mail client with a cache of one mailbox of the old master, of the time when
// that had come to a modseq. It takes its cache up on the promoted server by QRESYNC.
type client struct {
	who   string
	known target.Known
	// knewAll says that it has all that was there, up to this UID; 0: that is not known.
	knewAll uint32
	gone    uint32 // the UID of a message that it has, and that was expunged since; 0: none
}

// has says whether a message of the old master is in the client's cache.
func (c client) has(r target.Record) bool {
	return r.UID == c.gone || !r.Expunged && r.ModSeq <= c.known.ModSeq
}

// awayAtMost is how many clients that were away are asked for in a mailbox.
const awayAtMost = 3

// clients returns those to ask for: one that was up to date, and those that were away since
// just before an expunge of which only the old master still has the tombstone.
func clients(old, promoted target.Mailbox) []client {
	at := func(modSeq uint64) target.Known {
		return target.Known{UIDValidity: old.UIDValidity, ModSeq: modSeq}
	}
	all := []client{{who: "a client that was up to date", known: at(old.HighestModSeq), knewAll: old.LastUID}}
	target.PairRecords(old.Records, promoted.Records, func(a, b *target.Record) {
		if a != nil && a.Expunged && b == nil && len(all) <= awayAtMost {
			all = append(all, client{who: "a client that was away", known: at(a.ModSeq - 1), gone: a.UID})
		}
	})
	return slices.DeleteFunc(all, func(c client) bool { return c.known.ModSeq == 0 }) // no client can say so
}

// goesOnWith says what the client shows from now on that is not so; empty: nothing.
func (c client) goesOnWith(told target.Resync, old, promoted target.Mailbox) string {
	changed := map[uint32][]string{}
	for _, r := range told.Changed {
		changed[r.UID] = r.Flags
	}
	var ghosts, hidden, stale []uint32
	target.PairRecords(old.Records, promoted.Records, func(a, b *target.Record) {
		cached := a != nil && c.has(*a)
		if b == nil || b.Expunged {
			if cached && !told.HasVanished(a.UID) {
				ghosts = append(ghosts, a.UID)
			}
			return
		}
		flags, fresh := changed[b.UID]
		switch {
		case fresh && !sameFlags(flags, b.Flags), !fresh && cached && !a.Expunged && !sameFlags(a.Flags, b.Flags):
			stale = append(stale, b.UID)
		case !fresh && (told.HasVanished(b.UID) || !cached && b.UID <= c.knewAll):
			hidden = append(hidden, b.UID)
		}
	})
	for _, wrong := range []struct {
		uids []uint32
		text string
	}{
		{ghosts, "goes on showing UIDs %d, which are not there"}, {hidden, "does not show UIDs %d, which are there"}, {stale, "shows other flags of UIDs %d"},
	} {
		if len(wrong.uids) > 0 {
			return fmt.Sprintf("%s and takes its cache up by QRESYNC "+wrong.text, c.who, wrong.uids[:min(len(wrong.uids), 5)])
		}
	}
	return ""
}

// sameFlags compares flags in whatever order. Mostly they are in the same.
func sameFlags(a, b []string) bool {
	return slices.Equal(a, b) || slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// askAgain asks the promoted server, as clients of the old master do, about those of an
// account's mailboxes that nothing is known to be wrong with. Nothing is found where it
// knows no QRESYNC, or where the mailbox has changed since its snapshot was taken.
func askAgain(ctx context.Context, server target.Server, old, promoted target.Snapshot, known []Finding) ([]Finding, error) {
	session, err := target.LoginToLook(ctx, server, promoted.Account)
	if noInbox := (*target.NoInboxError)(nil); errors.As(err, &noInbox) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer session.Close() // it was only read from
	asking, ok := session.(target.Resyncer)
	if !ok {
		return nil, nil
	}
	var found []Finding
	for _, m := range promoted.Mailboxes {
		before := byUniqueID(old, m.UniqueID)
		isKnown := slices.ContainsFunc(known, func(f Finding) bool { return f.Mailbox == m.Name })
		if before == nil || before.UIDValidity != m.UIDValidity || isKnown {
			continue
		}
		evidence, err := resumed(ctx, asking, *before, m)
		var refused *target.RefusedError
		if errors.As(err, &refused) && refused.Status != "BYE" {
			continue // whether it can be opened is for others to tell
		}
		if err != nil {
			return nil, err
		}
		if evidence != "" {
			found = append(found, wrongCaches(promoted, m.Name, before.Name, evidence)...)
		}
	}
	return found, nil
}

// resumed lets the clients of a mailbox go on one after the other, and returns what is
// wrong with the first that is wrong.
func resumed(ctx context.Context, asking target.Resyncer, old, promoted target.Mailbox) (string, error) {
	for _, c := range clients(old, promoted) {
		told, err := asking.Resync(ctx, promoted.Name, c.known)
		if err != nil {
			return "", err
		}
		if told.UIDValidity != promoted.UIDValidity || told.HighestModSeq != promoted.HighestModSeq {
			continue
		}
		if evidence := c.goesOnWith(told, old, promoted); evidence != "" {
			return evidence, nil
		}
	}
	return "", nil
}
