package traffic

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Inbox is the mailbox into which mail without a rule is delivered.
const Inbox = "INBOX"

// answerWithin bounds how long a client waits for one answer before it gives
// up and calls the operation in doubt, on a real server.
const answerWithin = 20 * time.Second

// Users are the clients of a pair: an MTA and the accounts' owners. They
// follow the clients' address to whichever server is serving.
type Users struct {
	pair   target.Pair
	ledger *Ledger
	corpus *Corpus
	rand   *rand.Rand
}

// NewUsers returns users that record what they do in the ledger. The seed
// decides what they write and what they choose.
func NewUsers(pair target.Pair, ledger *Ledger, seed uint64) *Users {
	const stream = 0x63686f696365
	return &Users{pair: pair, ledger: ledger, corpus: NewCorpus(seed), rand: rand.New(rand.NewPCG(seed, stream))}
}

// Tally counts what came of a batch of operations.
type Tally struct {
	Acknowledged int `json:"acknowledged"`
	Refused      int `json:"refused"`
	InDoubt      int `json:"in_doubt"`
}

// Add counts one outcome. None at all counts as in doubt.
func (t *Tally) Add(outcome target.Outcome) {
	switch outcome {
	case target.Acknowledged:
		t.Acknowledged++
	case target.Refused:
		t.Refused++
	default:
		t.InDoubt++
	}
}

// do sends one operation and records it. A refusal or a lost answer is the
// ledger's business and no error here; only the end of ctx is.
func (u *Users) do(ctx context.Context, tally *Tally, entry Entry, operation func(context.Context) error) error {
	entry.SentAt = u.pair.Clock().Now()
	id := u.ledger.Sent(entry)
	opCtx, cancel := context.WithTimeout(ctx, answerWithin)
	err := operation(opCtx)
	cancel()
	u.ledger.Answered(id, u.pair.Clock().Now(), err)
	tally.Add(target.OutcomeOf(err))
	return ctx.Err()
}

// Deliver sends count new messages to each account by LMTP.
func (u *Users) Deliver(ctx context.Context, accounts []string, count int) (Tally, error) {
	var tally Tally
	server := u.pair.Serving()
	for range count {
		for _, account := range accounts {
			marker, body := u.corpus.Message(account, u.pair.Clock().Now())
			entry := newMessage(OpDeliver, "mta", server, account, Inbox, marker, body)
			if err := u.do(ctx, &tally, entry, func(ctx context.Context) error {
				return server.User().Deliver(ctx, account, body)
			}); err != nil {
				return tally, fmt.Errorf("delivering to %s: %w", account, err)
			}
		}
	}
	for _, account := range accounts {
		u.readBack(ctx, server, account, Inbox)
	}
	return tally, ctx.Err()
}

func newMessage(op Op, session string, server target.Server, account, mailbox, marker string, body []byte) Entry {
	sum := sha1.Sum(body)
	return Entry{
		Op: op, Session: session, Server: string(server.Name()), Account: account, Mailbox: mailbox,
		Marker: marker, Bytes: len(body), SentSHA1: hex.EncodeToString(sum[:]),
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
			// IMAP dates have whole seconds.
			date := u.pair.Clock().Now().Add(-time.Duration(1+u.rand.IntN(72)) * time.Hour).UTC().Truncate(time.Second)
			marker, body := u.corpus.Message(account, date)
			entry := newMessage(OpAppend, account, server, account, mailbox, marker, body)
			entry.Flags, entry.InternalDate = appendFlags[i%len(appendFlags)], date
			if err := u.do(ctx, &tally, entry, func(ctx context.Context) error {
				_, _, err := session.Append(ctx, mailbox, target.AppendMessage{Flags: entry.Flags, InternalDate: date, Body: body})
				return err
			}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return tally, fmt.Errorf("appending to %s of %s: %w", mailbox, account, err)
	}
	u.readBack(ctx, server, account, mailbox)
	return tally, ctx.Err()
}

// withSession logs in and works. Where even the login fails, the work is done
// on a session that answers everything with that failure: users who cannot log
// in have still tried.
func (u *Users) withSession(ctx context.Context, server target.Server, account string, work func(target.Session) error) error {
	loginCtx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	session, err := server.User().Login(loginCtx, account)
	if err != nil {
		// Without a login nothing of the operation itself was sent, whatever
		// became of the login.
		session = closedSession{&target.UnreachableError{Server: server.Name(), Service: "imap", Err: err}}
	}
	defer session.Close() // the answers are in; how the connection ends tells nothing
	return work(session)
}

// Choice picks messages out of candidates, which are in the order in which
// they were promised. It returns count of them.
type Choice func(candidates []Message, count int, chance *rand.Rand) []Message

// Oldest chooses the first, Newest the last, Random any.
func Oldest(candidates []Message, count int, _ *rand.Rand) []Message { return candidates[:count] }

// Newest chooses the messages that were promised last.
func Newest(candidates []Message, count int, _ *rand.Rand) []Message {
	return candidates[len(candidates)-count:]
}

// Random chooses by the drill's seed.
func Random(candidates []Message, count int, chance *rand.Rand) []Message {
	chosen := make([]Message, 0, count)
	for _, i := range chance.Perm(len(candidates))[:count] {
		chosen = append(chosen, candidates[i])
	}
	return chosen
}

// ErrTooFew says that a mailbox holds fewer messages than were to be expunged.
var ErrTooFew = errors.New("too few messages to choose from")

// Expunge removes count messages of the mailbox, chosen among those that the
// user was promised and has not removed. A message that the user does not see
// on the serving server cannot be asked for and is no candidate.
func (u *Users) Expunge(ctx context.Context, account, mailbox string, count int, choose Choice) (Tally, error) {
	var tally Tally
	server := u.pair.Serving()
	err := u.withSession(ctx, server, account, func(session target.Session) error {
		uids, err := u.findMarkers(ctx, session, mailbox)
		if target.OutcomeOf(err) == target.Refused {
			tally.Refused += count // a user who cannot look cannot choose: nothing was sent
			return nil
		}
		if err != nil {
			return err
		}
		var candidates []Message
		for _, m := range u.ledger.Messages() {
			if _, seen := uids[m.Marker]; seen && m.Account == account && m.Mailbox == mailbox && m.Expunged == "" {
				candidates = append(candidates, m)
			}
		}
		if len(candidates) < count {
			return fmt.Errorf("%w: %d wanted, %d seen", ErrTooFew, count, len(candidates))
		}
		for _, m := range choose(candidates, count, u.rand) {
			entry := Entry{Op: OpExpunge, Session: account, Server: string(server.Name()), Account: account, Mailbox: mailbox, Marker: m.Marker}
			if err := u.do(ctx, &tally, entry, func(ctx context.Context) error {
				return session.Expunge(ctx, mailbox, []uint32{uids[m.Marker]})
			}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return tally, fmt.Errorf("expunging from %s of %s on %s: %w", mailbox, account, server.Name(), err)
	}
	return tally, nil
}

// findMarkers returns the UID of each message of a drill in the mailbox.
func (u *Users) findMarkers(ctx context.Context, session target.Session, mailbox string) (map[string]uint32, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	markers, err := session.Header(ctx, mailbox, MarkerField, nil)
	if err != nil {
		return nil, fmt.Errorf("reading markers: %w", err)
	}
	uids := make(map[string]uint32, len(markers))
	for uid, marker := range markers {
		uids[marker] = uid
	}
	return uids, nil
}

// readBack lets the user read the messages of the mailbox that nobody has read
// yet and records what the server gave. That may fail, on a server that dies;
// then the ledger knows such a message only as it was sent.
func (u *Users) readBack(ctx context.Context, server target.Server, account, mailbox string) {
	unread := map[string]bool{}
	for _, m := range u.ledger.Messages() {
		if m.Account == account && m.Mailbox == mailbox && m.BodySHA1 == "" && m.Stored != target.Refused {
			unread[m.Marker] = true
		}
	}
	if len(unread) == 0 {
		return
	}
	_ = u.withSession(ctx, server, account, func(session target.Session) error {
		uids, err := u.findMarkers(ctx, session, mailbox)
		if err != nil {
			return err
		}
		markers := map[uint32]string{}
		for marker, uid := range uids {
			if unread[marker] {
				markers[uid] = marker
			}
		}
		if len(markers) == 0 {
			return nil
		}
		ctx, cancel := context.WithTimeout(ctx, answerWithin)
		defer cancel()
		return session.Bodies(ctx, mailbox, slices.Sorted(maps.Keys(markers)), func(uid uint32, body []byte) error {
			if body != nil {
				u.ledger.ReadBack(markers[uid], target.DigestBody(body))
			}
			return nil
		})
	})
}
