package traffic

import (
	"context"
	"math/rand/v2"
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
	filer  *Filer
	rand   *rand.Rand

	version int             // of the scripts that were written, by anybody
	scripts map[string]int  // how many each account's user has written
	named   int             // names and comments that were thought up so far
	touched map[string]bool // what users have changed, by server
}

// NewUsers returns users that record what they do in the ledger. The seed
// decides what they write and what they choose.
func NewUsers(pair target.Pair, ledger *Ledger, seed uint64) *Users {
	const stream = 0x63686f696365
	return &Users{
		pair: pair, ledger: ledger, corpus: NewCorpus(seed), filer: NewFiler(), rand: rand.New(rand.NewPCG(seed, stream)),
		scripts: map[string]int{}, touched: map[string]bool{},
	}
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
	outcome, err := u.send(ctx, entry, operation)
	tally.Add(outcome)
	return err
}

func (u *Users) send(ctx context.Context, entry Entry, operation func(context.Context) error) (target.Outcome, error) {
	entry.SentAt = u.pair.Clock().Now()
	id := u.ledger.Sent(entry)
	opCtx, cancel := target.Within(ctx, u.pair.Clock(), answerWithin)
	err := operation(opCtx)
	cancel()
	u.ledger.Answered(id, u.pair.Clock().Now(), err)
	return target.OutcomeOf(err), ctx.Err()
}

// withSession logs in and works. Where even the login fails, the work is done
// on a session that answers everything with that failure: users who cannot log
// in have still tried.
func (u *Users) withSession(ctx context.Context, server target.Server, account string, work func(target.Session) error) error {
	loginCtx, cancel := target.Within(ctx, u.pair.Clock(), answerWithin)
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
