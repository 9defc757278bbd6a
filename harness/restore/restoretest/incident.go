// Package restoretest makes incidents on the simulator for tests of restores: one seed,
// one incident, however often it is made.
package restoretest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/traffic"
	"github.com/cyrdrill/cyrdrill/sim"
)

// Incident is a pair whose master, Imap1, has died with changes that were never
// replicated; Imap2 serves, and the old master is brought up apart.
type Incident struct {
	Pair  target.Pair
	Scene restore.Scene
	// Ledger holds what users were promised.
	Ledger *traffic.Ledger
}

// Spec says what happens.
type Spec struct {
	Seed     uint64
	Accounts []string
	// Mail is seeded before, in all; Unreplicated are the operations of each account
	// that get lost, After those on the new master.
	Mail, Unreplicated, After int
	// Expired: the old master has forgotten its tombstones before it died, so that
	// some cases are doubtful.
	Expired bool
}

// Usual is an incident of a few accounts.
func Usual(seed uint64) Spec {
	return Spec{Seed: seed, Accounts: []string{"alice", "bob", "carol", "dave", "erin"}, Mail: 60, Unreplicated: 14, After: 4, Expired: true}
}

// Make lets the incident happen.
func Make(t testing.TB, spec Spec) *Incident {
	t.Helper()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	pair, err := sim.New().NewPair(ctx, target.Spec{Seed: spec.Seed, Accounts: spec.Accounts})
	must(err)
	in := &Incident{Pair: pair, Ledger: traffic.NewLedger(nil)}
	users := traffic.NewUsers(pair, in.Ledger, spec.Seed)
	_, err = users.Seed(ctx, spec.Accounts, 5, spec.Mail)
	must(err)
	_, err = users.Rules(ctx, spec.Accounts)
	must(err)
	must(pair.Clock().Sleep(ctx, 10*time.Second)) // to be replicated
	_, err = pair.Saboteur().Suspend(ctx, target.Imap1, "sync_client")
	must(err)
	if spec.Expired {
		_, err = users.Work(ctx, spec.Accounts, 2, []traffic.Op{traffic.OpExpunge})
		must(err)
		_, err = pair.Operator().Expire(ctx, target.Imap1)
		must(err)
	}
	_, err = users.Work(ctx, spec.Accounts, spec.Unreplicated, nil)
	must(err)
	_, err = users.Rules(ctx, spec.Accounts[:1])
	must(err)
	_, err = users.Deliver(ctx, spec.Accounts, 3)
	must(err)
	in.die(t, spec.Accounts, func() error {
		_, err := users.Work(ctx, spec.Accounts, spec.After, []traffic.Op{traffic.OpDeliver, traffic.OpAppend, traffic.OpFlag, traffic.OpExpunge, traffic.OpMove, traffic.OpCopy})
		return err
	})
	return in
}

// Lost is mail of an account that was never replicated.
type Lost struct {
	Account         string
	Messages, Bytes int // so many, of so many bytes each
}

// Lose makes an incident in which that mail is missing from INBOXes, and nothing else.
func Lose(t testing.TB, seed uint64, lost []Lost) *Incident {
	t.Helper()
	accounts, of := make([]string, len(lost)), map[string]Lost{}
	for i, l := range lost {
		accounts[i], of[l.Account] = l.Account, l
	}
	return lose(t, seed, accounts, func(account string, session target.Session) error {
		messages := make([]target.AppendMessage, of[account].Messages)
		for i := range messages {
			head := fmt.Sprintf("From: x@example.org\r\nSubject: %s %d\r\n\r\n", account, i)
			messages[i].Body = []byte(head + strings.Repeat("x", max(0, of[account].Bytes-len(head)-2)) + "\r\n")
		}
		_, _, err := session.Append(t.Context(), "INBOX", messages...)
		return err
	})
}

// LoseWith makes an incident on a pair, real or not, in which what an account's user does is
// lost, and nothing else.
func LoseWith(t testing.TB, pair target.Pair, account string, do func(target.Session) error) *Incident {
	t.Helper()
	return loseOn(t, pair, []string{account}, func(_ string, session target.Session) error { return do(session) })
}

func lose(t testing.TB, seed uint64, accounts []string, do func(account string, session target.Session) error) *Incident {
	t.Helper()
	pair, err := sim.New().NewPair(t.Context(), target.Spec{Seed: seed, Accounts: accounts})
	if err != nil {
		t.Fatal(err)
	}
	return loseOn(t, pair, accounts, do)
}

func loseOn(t testing.TB, pair target.Pair, accounts []string, do func(account string, session target.Session) error) *Incident {
	t.Helper()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := pair.Saboteur().Suspend(ctx, target.Imap1, "sync_client")
	must(err)
	for _, account := range accounts {
		session, err := pair.Serving().User().Login(ctx, account)
		must(err)
		must(do(account, session))
		must(session.Close())
	}
	in := &Incident{Pair: pair}
	in.die(t, accounts, func() error { return nil })
	return in
}

// die lets the master die, and brings the pair to where a restore can begin. Between
// the promotion and the rescue users go on.
func (in *Incident) die(t testing.TB, accounts []string, users func() error) {
	t.Helper()
	ctx, pair := t.Context(), in.Pair
	_, killed := pair.Saboteur().KillServer(ctx, target.Imap1)
	freeze, taken := restore.TakeFreeze(ctx, pair, accounts)
	promoted := pair.Operator().Promote(ctx, target.Imap2)
	if err := errors.Join(killed, taken, promoted, users(), pair.Operator().Rescue(ctx, target.Imap1)); err != nil {
		t.Fatal(err)
	}
	if err := freeze.Complete(ctx, pair.Executor(), pair.Server(target.Imap1), accounts); err != nil {
		t.Fatal(err)
	}
	in.Scene = restore.Scene{
		Freeze: freeze, Accounts: accounts, Rescued: pair.Server(target.Imap1), Serving: pair.Serving(),
		Executor: pair.Executor(), Clock: pair.Clock(), Operator: pair.Operator(), Role: pair.Role,
	}
	in.Scene.Sync, _ = pair.Operator().(target.SyncDialer)
	in.Scene.Findings = in.find(t)
}

// ByAppend lets nobody speak the sync protocol, so that all that comes back is appended.
func (in *Incident) ByAppend() *Incident {
	in.Scene.Sync = nil
	return in
}

// find lets detectors look at the freeze, as an operator would.
func (in *Incident) find(t testing.TB) []detect.Finding {
	t.Helper()
	var sides []detect.Side
	for _, server := range in.Pair.Servers() {
		side, err := in.Scene.Freeze.Side(server.Name())
		if err != nil {
			t.Fatal(err)
		}
		sides = append(sides, side)
	}
	found, err := detect.IndexCompare{}.Detect(t.Context(), detect.Scene{
		Clock: in.Pair.Clock(), Executor: in.Pair.Executor(), Accounts: in.Scene.Accounts, Sides: sides, Master: in.Scene.Freeze.Master(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// Plan plans a restore of everything.
func (in *Incident) Plan(t testing.TB) restore.Plan {
	t.Helper()
	plan, err := restore.Everything{}.Plan(t.Context(), in.Scene)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// State returns what the serving server has, to the body.
func (in *Incident) State(t testing.TB) map[string]target.Snapshot {
	t.Helper()
	taken, err := target.TakeSnapshots(t.Context(), in.Pair.Executor(), in.Scene.Accounts, target.LevelBody, in.Pair.Serving())
	if err != nil {
		t.Fatal(err)
	}
	return taken[in.Pair.Serving().Name()]
}

// Active returns the actions of a plan that do something.
func Active(plan restore.Plan) []restore.Action {
	return slices.DeleteFunc(slices.Clone(plan.Actions), func(a restore.Action) bool { return a.Act == restore.Keep })
}

// Calm is a pair in which nothing has happened: Imap1 is the master.
func Calm(t testing.TB, seed uint64, accounts ...string) *Incident {
	t.Helper()
	pair, err := sim.New().NewPair(t.Context(), target.Spec{Seed: seed, Accounts: accounts})
	if err != nil {
		t.Fatal(err)
	}
	return &Incident{Pair: pair, Scene: restore.Scene{
		Accounts: accounts, Rescued: pair.Server(target.Imap2), Other: pair.Server(target.Imap2), Serving: pair.Serving(), Executor: pair.Executor(), Clock: pair.Clock(), Operator: pair.Operator(), Role: pair.Role,
	}}
}
