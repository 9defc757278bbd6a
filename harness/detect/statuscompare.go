package detect

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// StatusCompare compares what operators compare: IMAP's STATUS of each mailbox on both
// sides. It is quick, and sees of all that may be wrong in a mailbox what its counters
// tell: no flags, no dates, no bytes, and of a message that is gone nothing as long as the
// index counts it.
type StatusCompare struct{}

// Name implements [Detector].
func (StatusCompare) Name() string { return "status-compare" }

// Doc implements [Detector].
func (StatusCompare) Doc() string {
	return "compares STATUS of each mailbox: messages, UIDNEXT, UIDVALIDITY, HIGHESTMODSEQ"
}

// Promise implements [Detector].
func (StatusCompare) Promise() Promise {
	return atOnce(target.UIDValidityDiffers, target.LastUIDDiffers, target.MailboxMissing)
}

// Detect implements [Detector]. It opens no mailbox, and logs nobody in whose INBOX is not
// there.
func (d StatusCompare) Detect(ctx context.Context, scene Scene) ([]Finding, error) {
	servers, err := scene.Servers()
	if err != nil {
		return nil, err
	}
	c := &statusComparison{scene: scene, servers: servers}
	if err := c.look(ctx, scene.Accounts); err != nil {
		return nil, fmt.Errorf("comparing STATUS: %w", err)
	}
	if len(c.open) > 0 {
		err = scene.settle(ctx, func(ctx context.Context) (bool, error) {
			err := c.look(ctx, c.accounts())
			return len(c.open) > 0, err
		})
		if err != nil {
			return nil, fmt.Errorf("comparing STATUS again: %w", err)
		}
	}
	var found []Finding
	for _, row := range c.open {
		found = append(found, row.finding(c))
	}
	return scene.sign(d.Name(), found), nil
}

// statusRow is one mailbox's STATUS on both sides.
type statusRow struct {
	account, mailbox string
	listed           [2]bool
	blind            [2]bool   // it is listed, and nobody could be logged in to ask
	refused          [2]string // why it cannot be told; empty: it can
	counters         [2]target.Counters
}

func (r statusRow) equal() bool {
	if r.blind[0] || r.blind[1] {
		return r.listed[0] && r.listed[1]
	}
	return r.listed[0] == r.listed[1] && r.refused == [2]string{} && r.counters[0] == r.counters[1]
}

// settles says whether a difference that was seen first has been lag: each side has come
// up to where the other one was then, or other sides list the mailbox now.
func (r statusRow) settles(first statusRow) bool {
	if r.equal() || r.listed != first.listed {
		return true
	}
	for i, now := range r.counters {
		then := first.counters[1-i]
		if !r.listed[i] || r.refused[i] != "" || now.UIDValidity != r.counters[1-i].UIDValidity ||
			now.UIDNext < then.UIDNext || now.HighestModSeq < then.HighestModSeq {
			return false
		}
	}
	a, b := r.counters[0], r.counters[1]
	return a.UIDNext != b.UIDNext || a.HighestModSeq != b.HighestModSeq // else the number of messages differs, and no lag is left
}

type statusComparison struct {
	scene   Scene
	servers [2]target.Server
	first   []statusRow // of the first look, those that differed
	open    []statusRow // of the last look, those that differ still
}

// look compares accounts, and keeps of what was open that which is so still.
func (c *statusComparison) look(ctx context.Context, accounts []string) error {
	tables := make([][]statusRow, len(accounts))
	tasks := make([]func(context.Context) error, len(accounts))
	for i, account := range accounts {
		tasks[i] = func(ctx context.Context) (err error) {
			tables[i], err = c.table(ctx, account)
			return err
		}
	}
	if err := c.scene.Executor.Run(ctx, tasks...); err != nil {
		return err
	}
	again := c.first != nil
	var open []statusRow
	for _, row := range slices.Concat(tables...) {
		switch i := slices.IndexFunc(c.first, row.isOf); {
		case !again && !row.equal():
			open = append(open, row)
		case again && i >= 0 && slices.ContainsFunc(c.open, row.isOf) && !row.settles(c.first[i]):
			open = append(open, row)
		}
	}
	c.open = open
	if !again {
		c.first = open
	}
	return nil
}

func (r statusRow) isOf(o statusRow) bool { return r.account == o.account && r.mailbox == o.mailbox }

func (c *statusComparison) accounts() []string {
	var accounts []string
	for _, row := range c.open {
		accounts = append(accounts, row.account)
	}
	return slices.Compact(accounts)
}

// table reads one account's mailboxes on both sides.
func (c *statusComparison) table(ctx context.Context, account string) ([]statusRow, error) {
	var rows []statusRow
	for side, server := range c.servers {
		err := c.statuses(ctx, server, account, func(mailbox string, told statusTold) {
			i := slices.IndexFunc(rows, func(r statusRow) bool { return r.mailbox == mailbox })
			if i < 0 {
				i = len(rows)
				rows = append(rows, statusRow{account: account, mailbox: mailbox})
			}
			rows[i].listed[side], rows[i].blind[side] = true, told.blind
			rows[i].refused[side], rows[i].counters[side] = told.refused, told.counters
		})
		if err != nil {
			return nil, fmt.Errorf("of %s on %s: %w", account, server.Name(), err)
		}
	}
	slices.SortFunc(rows, func(a, b statusRow) int { return strings.Compare(a.mailbox, b.mailbox) })
	return rows, nil
}

// statusTold is what one side tells of a mailbox that it lists.
type statusTold struct {
	counters target.Counters
	refused  string
	blind    bool
}

// statuses asks for each of an account's own mailboxes on one server. Of an account
// without an INBOX only the list is known.
func (c *statusComparison) statuses(ctx context.Context, server target.Server, account string, each func(string, statusTold)) error {
	session, err := target.LoginToLook(ctx, server, account)
	if noInbox := (*target.NoInboxError)(nil); errors.As(err, &noInbox) {
		names, err := server.User().Listed(ctx, account)
		for _, name := range names {
			if target.IsMail(name) {
				each(name, statusTold{blind: true})
			}
		}
		return err
	}
	if err != nil {
		return err
	}
	defer session.Close() // it was only read from
	names, err := session.List(ctx)
	if err != nil {
		return err
	}
	for _, name := range names {
		if !target.IsOwn(name) {
			continue
		}
		counters, err := session.Status(ctx, name)
		var refused *target.RefusedError
		switch {
		case errors.As(err, &refused) && refused.Status == "NO":
			now, err := session.List(ctx)
			if err != nil {
				return err
			}
			if slices.Contains(now, name) { // else it was deleted or renamed meanwhile
				each(name, statusTold{refused: refused.Text})
			}
		case err != nil:
			return err
		default:
			each(name, statusTold{counters: counters})
		}
	}
	return nil
}

// finding says what the counters tell. UIDs are given once, and so the lower UIDNEXT is
// the wrong one; all else only the master's word decides.
func (r statusRow) finding(c *statusComparison) Finding {
	at := target.Place{Account: r.account, Mailbox: r.mailbox}
	names := [2]target.ServerName{c.servers[0].Name(), c.servers[1].Name()}
	for side := range names {
		if r.refused[side] != "" {
			at.Server = names[side]
			return Finding{Kind: target.MailboxUnreadable, Place: at, Evidence: "STATUS is refused: " + r.refused[side]}
		}
		if !r.listed[side] {
			f := oneSided(at, target.MailboxMissing, names[side], names[1-side], fmt.Sprintf("LIST shows it on %s alone", names[1-side]))
			if names[side] == c.scene.Master {
				f.Right = "" // its user may have deleted it there
			}
			return f
		}
	}
	a, b := r.counters[0], r.counters[1]
	at.Server = wrongSide(names[0], names[1], c.scene.Master)
	f := Finding{Place: at, Right: c.scene.Master}
	tell := func(kind target.Kind, what string, inA, inB any) Finding {
		f.Kind, f.Evidence = kind, fmt.Sprintf("%s is %v on %s and %v on %s", what, inA, names[0], inB, names[1])
		return f
	}
	switch {
	case a.UIDValidity != b.UIDValidity:
		return tell(target.UIDValidityDiffers, "UIDVALIDITY", a.UIDValidity, b.UIDValidity)
	case a.UIDNext != b.UIDNext:
		lower := 0
		if b.UIDNext < a.UIDNext {
			lower = 1
		}
		f.Server, f.Right = names[lower], names[1-lower]
		return tell(target.LastUIDDiffers, "UIDNEXT", a.UIDNext, b.UIDNext)
	case a.HighestModSeq != b.HighestModSeq:
		return tell(target.ModSeqDiffers, "HIGHESTMODSEQ", a.HighestModSeq, b.HighestModSeq)
	default:
		return tell(target.MessageMissing, "the number of messages", a.Messages, b.Messages)
	}
}
