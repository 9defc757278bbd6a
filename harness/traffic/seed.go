package traffic

import (
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Seed fills the accounts with mail in bulk, before users do anything: each gets
// so many mailboxes, nested ones and such with odd names among them, and all
// together so many messages. Some messages lie in two mailboxes. The ledger has
// each of them as appended and acknowledged.
func (u *Users) Seed(ctx context.Context, accounts []string, mailboxes, messages int) (Tally, error) {
	seeder, ok := u.pair.(target.Seeder)
	if !ok {
		return Tally{}, &target.UnsupportedError{Target: "the target", What: "mail put in in bulk"}
	}
	var tally Tally
	mail, entries := map[string][]target.SeedMailbox{}, []Entry{}
	for i, account := range accounts {
		share := messages / len(accounts)
		if i < messages%len(accounts) {
			share++
		}
		seeded, made := u.seedAccount(account, mailboxes, share)
		mail[account], entries = seeded, append(entries, made...)
	}
	now := u.pair.Clock().Now()
	var ids []int
	for _, e := range entries {
		e.SentAt = now
		ids = append(ids, u.ledger.Sent(e))
	}
	err := seeder.Seed(ctx, mail)
	now = u.pair.Clock().Now()
	for _, id := range ids {
		u.ledger.Answered(id, now, err)
		tally.Add(target.OutcomeOf(err))
	}
	if err != nil {
		return tally, fmt.Errorf("seeding mail: %w", err)
	}
	for _, account := range accounts {
		u.readBack(ctx, u.pair.Serving(), account)
	}
	return tally, ctx.Err()
}

// seedNames returns the names of an account's mailboxes, parents first.
func seedNames(count int) []string {
	names := append([]string{Inbox}, RuleMailboxes()...)
	for i := 0; len(names) < count; i++ {
		name := fmt.Sprintf("%s/%s", Inbox, mailboxNames[i%len(mailboxNames)])
		switch i / len(mailboxNames) {
		case 0:
			names = append(names, name)
		case 1:
			names = append(names, name+"/2026")
		default:
			names = append(names, fmt.Sprintf("%s %d", name, i))
		}
	}
	return names[:count]
}

func (u *Users) seedAccount(account string, mailboxes, messages int) ([]target.SeedMailbox, []Entry) {
	names := seedNames(mailboxes)
	seeded, entries := make([]target.SeedMailbox, len(names)), []Entry{}
	server := u.pair.Serving()
	for i, name := range names {
		seeded[i].Name = name
		if name != Inbox {
			entries = append(entries, Entry{Op: OpCreate, Session: account, Server: string(server.Name()), Account: account, Mailbox: name})
		}
	}
	for made := 0; made < messages; made++ {
		into := made % len(names)
		date, flags := u.pastDate(), appendFlags[u.rand.IntN(len(appendFlags))]
		marker, body := u.corpus.Message(account, date)
		e := newMessage(OpAppend, account, server, account, names[into], marker, body)
		e.Flags, e.InternalDate = flags, date
		message := target.AppendMessage{Flags: flags, InternalDate: date, Body: body, SHA1: e.SentSHA1}
		seeded[into].Messages, entries = append(seeded[into].Messages, message), append(entries, e)
		const oneIn = 25
		if twin := (into + 1) % len(names); made%oneIn == oneIn-1 && twin != into && made+1 < messages {
			made++
			seeded[twin].Messages = append(seeded[twin].Messages, message)
			entries = append(entries, Entry{
				Op: OpCopy, Session: account, Server: string(server.Name()), Account: account,
				Mailbox: names[into], To: names[twin], Marker: marker,
			})
		}
	}
	return seeded, entries
}
