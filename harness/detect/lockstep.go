package detect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// lockstep takes index snapshots of one account on two servers side by side, record by
// record, and leaves out records that both have alike: however large the mailboxes are,
// no more is held than differs. To [accountPair.compare] these snapshots are the same as
// whole ones.
type lockstep struct {
	executor  target.Executor
	servers   [2]target.Server
	streamers [2]target.MailboxStreamer
	account   string
	listed    *target.Listing // what both servers list alike; nil: they are asked for it

	snaps   [2]target.Snapshot
	hasMeta [2]bool  // it came with the mailboxes, and holds
	refused [2]error // why a server told nothing
}

// errNotInStep says that what was read side by side is not what belongs side by side.
var errNotInStep = errors.New("the two sides cannot be read in lockstep")

// bothIndexes is [bothSides] of indexes that are to be compared: records that both sides
// have alike may be left out.
func bothIndexes(ctx context.Context, scene Scene, account string, listed *target.Listing) (snaps [2]target.Snapshot, unread []Finding, err error) {
	l := &lockstep{executor: scene.Executor, account: account, listed: listed}
	for i, side := range scene.Sides {
		live, ok := side.(liveSide)
		if ok {
			l.servers[i] = live.server
			l.streamers[i], ok = live.server.Index().(target.MailboxStreamer)
		}
		if !ok {
			return bothSides(ctx, scene, account, target.LevelIndex)
		}
	}
	switch err := l.read(ctx); {
	case errors.Is(err, errNotInStep):
		return bothSides(ctx, scene, account, target.LevelIndex)
	case err != nil:
		return snaps, nil, err
	}
	for side, err := range l.refused {
		if f, ok := unreadAccount(l.servers[side].Name(), account, err); ok {
			unread = append(unread, f)
		}
	}
	return l.snaps, unread, nil
}

func (l *lockstep) read(ctx context.Context) error {
	if err := l.headers(ctx); err != nil {
		return err
	}
	pairs := l.pairs()
	if hasTwoPartners(pairs) {
		return errNotInStep
	}
	var mailboxes [2][]target.Mailbox
	read := map[[2]string]bool{}
	for _, told := range pairs {
		kept, err := l.mailbox(ctx, told)
		if err != nil {
			return err
		}
		for side, m := range kept {
			if m != nil {
				mailboxes[side] = append(mailboxes[side], *m)
			}
		}
		if kept[0] != nil || kept[1] != nil {
			read[namesOf(kept)] = true
		}
	}
	for side := range mailboxes {
		slices.SortFunc(mailboxes[side], func(a, b target.Mailbox) int { return cmp.Compare(a.Name, b.Name) })
		l.snaps[side].Mailboxes = mailboxes[side]
	}
	if !l.unreadable() && !l.pairedAs(read) {
		return errNotInStep
	}
	return l.metas(ctx)
}

// pairs are the mailboxes to be read side by side: of one name where that is all that is
// known of them. Whether they are of one unique ID is seen when they are read.
func (l *lockstep) pairs() [][2]*target.Mailbox {
	if l.listed == nil {
		return accountPair{snaps: l.snaps}.pairs()
	}
	var pairs [][2]*target.Mailbox
	for _, name := range l.listed.Own {
		if target.IsMail(name) {
			pairs = append(pairs, [2]*target.Mailbox{{Name: name}, {Name: name}})
		}
	}
	return pairs
}

// headers reads which mailboxes there are, and what belongs to none of them, where a
// server tells of both at once.
func (l *lockstep) headers(ctx context.Context) error {
	return l.eachSide(ctx, func(ctx context.Context, side int) (err error) {
		index := l.servers[side].Index()
		l.snaps[side] = target.Snapshot{Server: l.servers[side].Name(), Account: l.account, Level: target.LevelIndex}
		if l.listed != nil {
			return nil
		}
		if reader, ok := index.(target.AccountReader); ok {
			l.hasMeta[side] = true
			l.snaps[side].Mailboxes, l.snaps[side].Meta, err = reader.Account(ctx, l.account)
			return err
		}
		l.snaps[side].Mailboxes, err = index.Mailboxes(ctx, l.account)
		return err
	})
}

// metas reads what belongs to no mailbox, where that is not known yet.
func (l *lockstep) metas(ctx context.Context) error {
	return l.eachSide(ctx, func(ctx context.Context, side int) (err error) {
		switch {
		case l.hasMeta[side]:
		case l.listed != nil:
			l.snaps[side].Meta, err = l.servers[side].Index().(target.ListingReader).MetaListed(ctx, l.account, *l.listed)
		default:
			l.snaps[side].Meta, err = l.servers[side].Index().Meta(ctx, l.account)
		}
		return err
	})
}

// eachSide looks at both sides at the same time, but for one that has refused already.
func (l *lockstep) eachSide(ctx context.Context, look func(ctx context.Context, side int) error) error {
	tasks := make([]func(context.Context) error, len(l.servers))
	for side := range tasks {
		tasks[side] = func(ctx context.Context) error {
			if l.refused[side] != nil {
				return nil
			}
			return l.note(side, look(ctx, side))
		}
	}
	return l.executor.Run(ctx, tasks...)
}

// note keeps a server's refusal for later, since the other side is looked at all the
// same, and returns any other error.
func (l *lockstep) note(side int, err error) error {
	if err == nil {
		return nil
	}
	name := l.servers[side].Name()
	err = fmt.Errorf("taking %s snapshot of %s on %s: %w", target.LevelIndex, l.account, name, err)
	if _, refused := unreadAccount(name, l.account, err); refused {
		l.refused[side], err = err, nil
	}
	return err
}

// unreadable says that there will be nothing to compare.
func (l *lockstep) unreadable() bool { return l.refused != [2]error{} }

// pairedAs says whether the mailboxes, now that they are read, belong together as those
// did that were read together. One may have got another's name in between.
func (l *lockstep) pairedAs(read map[[2]string]bool) bool {
	pairs := accountPair{snaps: l.snaps}.pairs()
	return len(pairs) == len(read) && !slices.ContainsFunc(pairs, func(pair [2]*target.Mailbox) bool { return !read[namesOf(pair)] })
}

// hasTwoPartners says whether a mailbox of the second side is in more than one pair: two of
// the first side have its unique ID.
func hasTwoPartners(pairs [][2]*target.Mailbox) bool {
	seen := map[*target.Mailbox]bool{}
	for _, pair := range pairs {
		if pair[1] != nil && seen[pair[1]] {
			return true
		}
		seen[pair[1]] = true
	}
	return false
}

func namesOf(pair [2]*target.Mailbox) (names [2]string) {
	for side, m := range pair {
		if m != nil {
			names[side] = m.Name
		}
	}
	return names
}

// mailbox reads one mailbox on the sides that have told of it. One that its user has
// deleted or renamed since is nil, as it is on a side that has refused.
func (l *lockstep) mailbox(ctx context.Context, told [2]*target.Mailbox) (read [2]*target.Mailbox, err error) {
	both := l.merge(ctx, told)
	again := false
	for side := range both.sides {
		switch err := both.sides[side].err; {
		case err == nil:
		case errors.Is(err, errNotInStep):
			return read, err
		case target.IsGone(ctx, l.servers[side], l.account, told[side].Name, err):
			told[side], again = nil, true
			l.hasMeta[side], l.listed = false, nil // it may be among the deleted ones by now
		default:
			if err := l.note(side, err); err != nil {
				return read, err
			}
		}
	}
	switch {
	case l.unreadable():
		return read, nil
	case again: // what it was compared with is the other side's alone
		return l.mailbox(ctx, told)
	}
	for side := range both.sides {
		if told[side] != nil {
			m := both.sides[side].stream.Mailbox()
			m.Records = both.sides[side].kept
			read[side] = &m
		}
	}
	return read, nil
}

// merge reads a mailbox from both sides to the end.
func (l *lockstep) merge(ctx context.Context, told [2]*target.Mailbox) *merge {
	both := &merge{unwanted: l.unreadable()}
	for side, m := range told {
		if m != nil && l.refused[side] == nil {
			stream := l.streamers[side].StreamMailbox(ctx, l.account, m.Name)
			defer stream.Close()
			both.sides[side].stream = stream
		}
	}
	both.run()
	return both
}
