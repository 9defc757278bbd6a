package traffic

import (
	"context"
	"fmt"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Deliver sends count new messages to each account by LMTP. Each goes where the
// account's active script, as its user was promised it, files it.
func (u *Users) Deliver(ctx context.Context, accounts []string, count int) (Tally, error) {
	var tally Tally
	server := u.pair.Serving()
	rules := map[string]string{}
	for _, account := range accounts {
		rules[account] = u.ledger.activeSource(account)
	}
	for range count {
		for _, account := range accounts {
			marker, body := u.corpus.Message(account, u.pair.Clock().Now())
			mailbox, err := u.filer.FileInto(ctx, rules[account], body)
			if err != nil {
				return tally, fmt.Errorf("delivering to %s: where its rules file the message: %w", account, err)
			}
			entry := newMessage(OpDeliver, "mta", server, account, mailbox, marker, body)
			if err := u.deliver(ctx, &tally, server, entry, body); err != nil {
				return tally, fmt.Errorf("delivering to %s: %w", account, err)
			}
		}
	}
	for _, account := range accounts {
		u.readBack(ctx, server, account)
	}
	return tally, ctx.Err()
}

// deliver sends one message. Now and then, and whenever no answer came, the MTA
// tries it once more: Cyrus then has to see that it is the same.
func (u *Users) deliver(ctx context.Context, tally *Tally, server target.Server, entry Entry, body []byte) error {
	send := func() (target.Outcome, error) {
		return u.send(ctx, entry, func(ctx context.Context) error { return server.User().Deliver(ctx, entry.Account, body) })
	}
	outcome, err := send()
	const oneIn = 20
	if again := u.rand.IntN(oneIn) == 0; err == nil && (outcome == target.InDoubt || outcome == target.Acknowledged && again) {
		entry.Again = true
		var second target.Outcome
		second, err = send()
		outcome = stronger(outcome, second)
	}
	tally.Add(outcome)
	return err
}

func newMessage(op Op, session string, server target.Server, account, mailbox, marker string, body []byte) Entry {
	return Entry{
		Op: op, Session: session, Server: string(server.Name()), Account: account, Mailbox: mailbox,
		Marker: marker, Bytes: len(body), SentSHA1: target.SHA1(body),
	}
}

// appendFlags are what appended messages carry, in turn.
var appendFlags = [][]string{{`\Seen`}, {`\Flagged`, `\Seen`}, {`\Answered`, `$Forwarded`}, nil}

// Append stores count new messages in the account's mailbox by IMAP, with
// flags, and with dates that lie in the past as imported mail's do.
func (u *Users) Append(ctx context.Context, account, mailbox string, count int) (Tally, error) {
	var tally Tally
	server := u.pair.Serving()
	err := u.withSession(ctx, server, account, func(session target.Session) error {
		for i := range count {
			if err := u.appendOne(ctx, &tally, server, session, account, mailbox, appendFlags[i%len(appendFlags)]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return tally, fmt.Errorf("appending to %s of %s: %w", mailbox, account, err)
	}
	u.readBack(ctx, server, account)
	return tally, ctx.Err()
}

func (u *Users) appendOne(ctx context.Context, tally *Tally, server target.Server, session target.Session, account, mailbox string, flags []string) error {
	date := u.pastDate()
	marker, body := u.corpus.Message(account, date)
	entry := newMessage(OpAppend, account, server, account, mailbox, marker, body)
	entry.Flags, entry.InternalDate = flags, date
	return u.do(ctx, tally, entry, func(ctx context.Context) error {
		_, _, err := session.Append(ctx, mailbox, target.AppendMessage{Flags: flags, InternalDate: date, Body: body, SHA1: entry.SentSHA1})
		return err
	})
}

// pastDate returns a time within the last three days, in whole seconds, as IMAP
// dates are.
func (u *Users) pastDate() time.Time {
	return u.pair.Clock().Now().Add(-time.Duration(1+u.rand.IntN(72)) * time.Hour).UTC().Truncate(time.Second)
}
